"""The section ``model`` of a run file: which arguments a network is built with."""

from __future__ import annotations

import dataclasses
import functools
import inspect
import math
import numbers
from typing import TYPE_CHECKING, Any, ClassVar

from dirv_tf.validation import Check, ConfigError, boolean, either, integer, list_of, number, one_of, setting, text

if TYPE_CHECKING:
    from dirv_tf.models.registration_network import RegistrationNetwork

# What networks are for, see `RegistrationNetwork`.
TASKS = ("registration", "uncertainty")
# Arguments of `dirv_tf.losses.FieldLikelihoodLoss`, which networks of uncertainty learn from without true fields.
FIELD_LIKELIHOOD = {"weight": 10.0}
# How intensities may be brought to [0, 1], see `dirv_tf.register`.
NORMALIZATIONS = ("type", "joint", "each")
# What every network takes and no run file sets here: the rank is that of the images, the rest belongs to the training.
_NOT_SETTINGS = ("self", "rank", "normalization", "dtype", "name")
# The grid on which fields are scored and stored: one number for all axes or one per axis.
SPACING = either(integer(1, 4096), list_of(integer(1, 4096), longest=3))
# Four bytes each; training takes several times as much.
MOST_PARAMETERS = 2**30


@dataclasses.dataclass(frozen=True)
class NetworkSettings:
    """Base of the settings of a family: frozen dataclasses, whose fields are arguments of the network.

    Attributes
    ----------
    training_arguments : tuple of str
        Of the class: settings of the section ``training`` that are arguments of this network.
    task : str
        Of the class: what the network is for, as of `RegistrationNetwork`.
    unsupervised_loss : dict
        Of the class: arguments of the loss without true fields, as the family was published, where the run file leaves
        them open.
    networks : tuple of str
        Of the class: settings that are sections of other networks, which this one holds.
    has_mask : bool
        Of the class: whether the network predicts regions without counterpart.
    stages_of_steps : tuple of str
        Of the class: stages of the network whose number of steps may be another one in training.
    """

    task: ClassVar[str] = "registration"
    training_arguments: ClassVar[tuple[str, ...]] = ()
    networks: ClassVar[tuple[str, ...]] = ()
    has_mask: ClassVar[bool] = False
    stages_of_steps: ClassVar[tuple[str, ...]] = ()
    unsupervised_loss: ClassVar[dict[str, Any]] = {"similarity": "mse", "regularizer": "diffusion", "weight": 0.01}
    if TYPE_CHECKING:
        # A field of every subclass, which may not stand before its fields without default.
        kind: str

    def arguments(self) -> dict[str, Any]:
        """Return the arguments of the network that are set here."""
        return {key: value for key, value in dataclasses.asdict(self).items() if key != "kind"}

    def build(self, rank: int, network: type | None = None, **options: Any) -> RegistrationNetwork:
        """Build the network.

        Parameters
        ----------
        rank : int
        network : type, optional
            A variant of the family's class with the same arguments.
        **options
            Further arguments, such as `dtype`.

        Returns
        -------
        RegistrationNetwork
            Its variables exist.
        """
        from dirv_tf.models.registry import network_class

        model = (network or network_class(self.kind))(rank=rank, **self.arguments(), **options)
        model.build()
        return model

    def check(self, rank: int) -> None:
        """Raise a ConfigError where settings do not fit each other or the rank of the images."""
        # Not of networks that must be built to count them.
        if type(self).parameters is not NetworkSettings.parameters and self.parameters(rank) > MOST_PARAMETERS:
            raise ConfigError(
                f"'model' must be a network of at most {MOST_PARAMETERS:,} parameters. "
                f"Received: {self.parameters(rank):,} of {self.description()}"
            )
        spacing = getattr(self, "spacing", None)
        if isinstance(spacing, tuple) and len(spacing) != rank:
            raise ConfigError(
                f"'model.spacing' must be one number or one number per image axis. "
                f"Received: model.spacing={list(spacing)}, images of {rank} axes"
            )

    def spacings(self, rank: int) -> tuple[int, ...]:
        """Return the setting `spacing`, of families that have it, as one number per axis."""
        spacing = getattr(self, "spacing", 4)
        return spacing if isinstance(spacing, tuple) else (spacing,) * rank

    def size_multiples(self, rank: int) -> tuple[int, ...]:
        """Return, per axis, what each side of an image must be a multiple of."""
        return _built(self, rank).size_multiples

    def parameters(self, rank: int) -> int:
        """Return the number of trainable parameters."""
        return sum(math.prod(variable.shape) for variable in _built(self, rank).trainable_variables)

    def stages(self, rank: int) -> tuple[str, ...]:
        """Return the names of the parts that are trained one after the other."""
        return _built(self, rank).stages

    def own_loss(self, arguments: dict[str, Any], updates: int) -> Any:
        """Return the family's loss without true fields.

        Parameters
        ----------
        arguments : dict
            As `unsupervised_loss`, with what the run file sets.
        updates : int
            Training steps of the stage, for weights that change with them.

        Returns
        -------
        tf.keras.losses.Loss
            By default a `dirv_tf.losses.UnsupervisedLoss`.
        """
        from dirv_tf.losses import UnsupervisedLoss

        return UnsupervisedLoss(**arguments)

    def description(self) -> str:
        """Return the network in a few words, for the plan of a run."""
        settings = ", ".join(f"{key} {value}" for key, value in self.arguments().items())
        return f"{self.kind}{f' with {settings}' if settings else ''}"

    def work(self, rank: int, pixels: int) -> float:
        """Return a number proportional to the arithmetic of one pass over an image of so many pixels."""
        return float(self.parameters(rank) * pixels)


@functools.lru_cache(maxsize=8)
def _built(settings, rank):
    import tensorflow as tf

    try:
        # In a graph of its own, nothing is computed: workers must join each other before TensorFlow computes anything.
        with tf.Graph().as_default():
            return settings.build(rank)
    except Exception:
        # A network that looks at numbers while it is made; if it is wrong, this says so.
        return settings.build(rank)


def derived_settings(network: type[RegistrationNetwork]) -> type[NetworkSettings]:
    """Make the settings class of a network from the arguments of its ``__init__``.

    Parameters
    ----------
    network : type
        A subclass of `RegistrationNetwork`. The type of an argument's default says what is legal: an integer, a number,
        a boolean, a text, or a list of numbers; an argument without default must be set and may be any of them.

    Returns
    -------
    type
        A frozen dataclass.
    """
    # Not of the class, whose own signature Keras hides behind (*args, **kwargs).
    parameters = inspect.signature(network.__init__).parameters.values()
    fields: list[tuple[str, Any, Any]] = [("kind", str, setting(one_of(network.kind), default=network.kind))]
    for parameter in parameters:
        if parameter.name in _NOT_SETTINGS or parameter.kind in (parameter.VAR_KEYWORD, parameter.VAR_POSITIONAL):
            continue
        default = {} if parameter.default is parameter.empty else {"default": parameter.default}
        fields.append((parameter.name, Any, setting(_check_of(parameter.default), **default)))
    # What must be given goes first, as in any dataclass.
    fields.sort(key=lambda field: field[2].default is not dataclasses.MISSING)
    name = f"{network.__name__}Settings"
    of_class: dict[str, Any] = {"task": network.task}
    if network.task == "uncertainty":
        of_class["unsupervised_loss"] = FIELD_LIKELIHOOD
    return dataclasses.make_dataclass(name, fields, bases=(NetworkSettings,), namespace=of_class, frozen=True)


def _check_of(default) -> Check:
    if isinstance(default, bool):
        return boolean()
    if isinstance(default, numbers.Integral):
        return integer(-math.inf)
    if isinstance(default, numbers.Real):
        return number()
    if isinstance(default, str):
        return text()
    return _plain()


def _plain() -> Check:
    """Accept whatever YAML writes as a scalar or a list of numbers."""

    def read(value):
        if isinstance(value, (list, tuple)):
            return list_of(number() if any(isinstance(entry, float) for entry in value) else integer(-math.inf)).read(
                value
            )
        if value is not None and not isinstance(value, (bool, int, float, str)):
            raise ValueError
        return value

    return Check("a number, true or false, a text, or a list of numbers", read)
