"""A network that finds a field by any other network, and says where the fixed image has no counterpart."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any, ClassVar

import tensorflow as tf

from dirv_tf import geometry
from dirv_tf.models.bounds import channel_count, pyramid_levels
from dirv_tf.models.counterpart.filled_image import REACH, filled_image
from dirv_tf.models.counterpart.mask_head import MaskHead
from dirv_tf.models.counterpart.observer import CounterpartObserver
from dirv_tf.models.counterpart.settings import MASK_STAGE, counterpart_stages
from dirv_tf.models.own_similarity import own_similarity
from dirv_tf.models.registration_network import RegistrationNetwork
from dirv_tf.models.registry import network_class, register_network
from dirv_tf.models.u_net_sizes import u_net_reach
from dirv_tf.models.variable_paths import variable_paths
from dirv_tf.validation import boolean, integer

# How the base is computed is said once, for the whole network.
_OF_THE_WHOLE = ("name", "rank", "normalization", "dtype")


@register_network
class CounterpartNetwork(RegistrationNetwork):
    """Registration network of any kind with a head that predicts regions without counterpart (after NCR-Net).

    A U-Net looks at the fixed image, the registered one, how much they differ, and the field, and gives the probability
    of every pixel of the fixed image to have no counterpart in the moving one: a tear, a fold, a lesion. What it says
    passes no gradient to the base, which learns from `dirv_tf.losses.CounterpartLoss` to leave those regions aside.

    When it is used, the pair is registered again with a fixed image in which such regions show what the field around
    them brings there, so that the base sees two images with a counterpart everywhere.

    Parameters
    ----------
    base : mapping
        The network that registers: its ``"kind"``, and its arguments without rank, normalization and dtype.
    rank : {2, 3}
        Number of spatial axes.
    features : int
        Filters of the head at full size; they double with every halving of the image.
    halvings : int
        How often the head halves the image.
    fills : int
        How often the pair is registered again with the regions filled; 0: never. In training never.
    joint : bool
        Whether the base goes on learning in the stage "mask"; False: it is frozen there.
    normalization, dtype
        As of `RegistrationNetwork`.

    Attributes
    ----------
    base_network : RegistrationNetwork
        What `base` says; `spacing` is its own.
    head : MaskHead
    stages : tuple of str
        Those of the base, or "base" where it has one alone, and "mask". In those of the base, the head is not called.
    size_multiples : tuple of int
        Every image side must be a multiple of this number (per axis): a common one of the base's and ``2**halvings``.

    Raises
    ------
    ValueError
        On construction, for an impossible argument, an unknown kind, or a base that does not register; when called, as
        of `RegistrationNetwork`.

    Notes
    -----
    Called on ``(fixed, moving)``, both ``(B, n_1, ..., n_r, 1)`` with intensities in [0, 1]. Returns the outputs of the
    base, and ``"counterpart_mask"``, ``(B, n_1, ..., n_r, 1)``, from 0 to 1: 1 where the fixed image has no
    counterpart. Its fixed images are those that were given, not filled ones.

    References
    ----------
    Andresen et al., "Deep learning-based simultaneous registration and unsupervised non-correspondence segmentation of
    medical images with pathologies", International Journal of Computer Assisted Radiology and Surgery 17, 2022.

    Examples
    --------
    >>> import tensorflow as tf
    >>> from dirv_tf.models import CounterpartNetwork
    >>> network = CounterpartNetwork({"kind": "voxelmorph"}, features=4)
    >>> network.stages
    ('base', 'mask')
    >>> tuple(network((tf.zeros([1, 32, 32, 1]), tf.zeros([1, 32, 32, 1])))["counterpart_mask"].shape)
    (1, 32, 32, 1)
    """

    kind = "counterpart"
    has_mask = True
    free_arguments: ClassVar[tuple[str, ...]] = ("fills", "joint")

    def __init__(
        self,
        base: Mapping[str, Any],
        rank: int = 2,
        features: int = 8,
        halvings: int = 3,
        fills: int = 1,
        joint: bool = True,
        dtype: Any = None,
        **kwargs: Any,
    ):
        made = _base_network(base, rank, dtype)
        super().__init__(rank, spacing=made.spacing, dtype=dtype, **kwargs)
        self.features = channel_count()("features", features)
        self.halvings = pyramid_levels()("halvings", halvings)
        self.fills = integer(0, 100)("fills", fills)
        self.joint = boolean()("joint", joint)
        self._set_untracked("base", dict(base))
        self.base_network, self.levels, self.stages = made, made.levels, counterpart_stages(made.stages)
        self.size_multiples = tuple(math.lcm(2**self.halvings, multiple) for multiple in made.size_multiples)
        self.head = MaskHead(rank, self.features, self.halvings, self.layer_policy, name="head")
        self.head.build()
        self.built = True

    def get_config(self) -> dict[str, Any]:
        config = super().get_config()
        del config["spacing"]
        own = {"features": self.features, "halvings": self.halvings, "fills": self.fills, "joint": self.joint}
        arguments = {key: value for key, value in self.base_network.get_config().items() if key not in _OF_THE_WHOLE}
        return {**config, "base": {"kind": self.base_network.kind, **arguments}, **own}

    @property
    def halo(self) -> tuple[int, ...] | None:
        """What the base sees, and the head of what the base gave, as often as they are called one after the other."""
        of_base = self.base_network.halo
        if of_base is None:
            return None
        of_head, rounds = u_net_reach(self.halvings), 1 + self.fills
        reach = (rounds * (own + of_head) + self.fills * REACH for own in of_base)
        return geometry.legal_size(tuple(reach), self.size_multiples)

    @property
    def mask_halo(self) -> tuple[int, ...]:
        """How far a pixel of `counterpart_mask` looks."""
        return geometry.legal_size((u_net_reach(self.halvings),) * self.rank, self.size_multiples)

    @property
    def similarity(self) -> str | None:
        return own_similarity(self.base_network.kind, self._registration_loss, self.card)

    def named_variables(self) -> dict[str, tf.Variable]:
        # A family may have paths of its own.
        parts = {"base": self.base_network.named_variables(), "head": variable_paths(self.head)}
        return {f"{part}/{path}": variable for part, named in parts.items() for path, variable in named.items()}

    def start_stage(self, name: str, **options: Any) -> None:
        super().start_stage(name)
        learns = self.joint or name != MASK_STAGE
        # Keras 3 passes by what seems to be so already, and with it the parts that a stage of the base has frozen.
        for value in (not learns, learns):
            self.base_network.trainable = value
        self.head.trainable = name == MASK_STAGE
        if name == MASK_STAGE:
            self.base_network._set_untracked("stage", None)
        elif len(self.base_network.stages) > 1:
            self.base_network.start_stage(name, **options)

    def compile(
        self, optimizer: Any = "adam", loss: Callable[..., tf.Tensor] | None = None, *args: Any, **kwargs: Any
    ) -> None:
        super().compile(optimizer, loss, *args, **kwargs)
        # Whether it is to register both ways.
        self.base_network._set_untracked("_registration_loss", loss)

    def call(self, inputs: tuple[tf.Tensor, tf.Tensor], training: bool | None = None) -> dict[str, Any]:
        fixed, moving = self.checked_pair(inputs)
        if self.stage not in (None, MASK_STAGE):
            return self.base_network((fixed, moving))
        seen = fixed
        if self.fills and not training:
            seen = self.filled(fixed, moving, lambda one, two: self.base_network((one, two))["flow_field"])
        outputs = self.base_network((seen, moving))
        if seen is not fixed and "fixed_images" in outputs:
            images = [fixed]
            for _ in outputs["fixed_images"][1:]:
                images.insert(0, geometry.downsample_image(images[0]))
            outputs = {**outputs, "fixed_images": tuple(images)}
        return {**outputs, "counterpart_mask": self._mask(fixed, moving, outputs)}

    def filled(
        self, fixed: tf.Tensor, moving: tf.Tensor, find: Callable[[tf.Tensor, tf.Tensor], tf.Tensor]
    ) -> tf.Tensor:
        """Return the fixed image that the base is to see at last.

        Parameters
        ----------
        fixed, moving : tf.Tensor, shape (B, n_1, ..., n_r, 1)
            Sides as `size_multiples` says.
        find : callable
            From such a pair to the flow field of the base.

        Returns
        -------
        tf.Tensor, shape (B, n_1, ..., n_r, 1)
        """

        def again(number, seen):
            field = find(seen, moving)
            mask = self.counterpart_mask(fixed, geometry.warp_image(moving, field), field)
            return number + 1, tf.ensure_shape(filled_image(fixed, moving, field, mask), fixed.shape)

        # As a loop: to trace a base again and again takes minutes.
        return tf.while_loop(lambda number, _: number < self.fills, again, (tf.constant(0), fixed))[1]

    def counterpart_mask(self, fixed: tf.Tensor, registered: tf.Tensor, flow_field: tf.Tensor) -> tf.Tensor:
        """Return where a fixed image has no counterpart, for any field that somebody found.

        Parameters
        ----------
        fixed, registered : tf.Tensor, shape (B, n_1, ..., n_r, 1)
            Sides as `size_multiples` says; the moving image warped by the field.
        flow_field : tf.Tensor, shape (B, n_1, ..., n_r, r), pixels

        Returns
        -------
        tf.Tensor, shape (B, n_1, ..., n_r, 1)
            From 0 to 1.
        """
        # The mask learns from what it sees; the base is not there to please it.
        return self.head(tuple(map(tf.stop_gradient, (fixed, registered, flow_field))))

    def completed(self, inputs: Any, outputs: dict[str, Any]) -> dict[str, Any]:
        return self.base_network.completed(inputs, outputs)

    def observer(self) -> CounterpartObserver:
        return CounterpartObserver(self)

    def _mask(self, fixed, moving, outputs):
        field = outputs["flow_field"]
        registered = outputs["registered_images"][-1] if "registered_images" in outputs else None
        return self.counterpart_mask(
            fixed, geometry.warp_image(moving, field) if registered is None else registered, field
        )


def _base_network(base, rank, dtype):
    if isinstance(base, Mapping) and isinstance(base.get("kind"), str) and not set(_OF_THE_WHOLE) & set(base):
        arguments = dict(base)
        kind = network_class(arguments.pop("kind"))
        if kind.task == "registration" and kind is not CounterpartNetwork:
            network = kind(rank=rank, dtype=dtype, **arguments)
            network.build()
            return network
    raise ValueError(
        "`base` must be a mapping of the kind of a network that registers, and of its arguments without "
        f"{', '.join(_OF_THE_WHOLE)}. Received: base={base!r}"
    )
