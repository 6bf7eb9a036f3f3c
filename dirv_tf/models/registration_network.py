"""The contract that every registration network keeps, so that it is trained, watched, saved and used alike."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, ClassVar

import tensorflow as tf

from dirv_tf import geometry
from dirv_tf.layers.precision import split_policy
from dirv_tf.models.calls import checked_pair, checked_triple, completed_outputs
from dirv_tf.models.network_observer import NetworkObserver
from dirv_tf.models.network_settings import NORMALIZATIONS
from dirv_tf.models.own_similarity import own_similarity
from dirv_tf.models.variable_paths import variable_paths
from dirv_tf.validation import integer, one_of, optional, per_axis

# Side of the images that a network without variables is built on, unless it takes larger ones only.
_SMALL_SIDE = 16


class RegistrationNetwork(tf.keras.Model):
    """Base class of all registration networks: from a pair of images to a flow field.

    A subclass names its `kind`, takes `rank` and its own arguments, and returns them all from `get_config`. Its `call`
    takes the pair ``(fixed, moving)``, both ``(B, n_1, ..., n_r, 1)`` with intensities in [0, 1], checks it by
    `checked_pair` and returns a dictionary, see Notes. Decorated with `register_network`, it can be used in run files
    (``model: {kind: ...}``), on weight cards and by `dirv_tf.register`.

    Parameters
    ----------
    rank : {2, 3}
        Number of spatial axes.
    spacing : int or sequence of int
        Spacing in pixels of the grid on which fields are scored and stored, one for all axes or one per axis.
    normalization : {"type", "joint", "each"} or None
        How the images it was trained on were brought to [0, 1]; `dirv_tf.register` does the same. None: not stated.
    dtype : str or Keras policy
        A mixed policy holds for the layers inside, as `layer_policy`; images and fields stay float32.

    Attributes
    ----------
    kind : str
        Of the class: its name in run files and on weight cards.
    task : str
        Of the class: what it is for. "registration": to find a field for a pair. "uncertainty": to judge one; it is
        called on ``(fixed, moving, flow_field)``, checks them by `checked_triple`, and its outputs have that field and
        a ``"standard_deviation"`` of the same shape, above 0, in pixels.
    how_computed, free_arguments : tuple of str
        Of the class: arguments that change how the network is computed or used, not which weights fit it; arguments
        that a training may go on with other values of.
    later_arguments : dict
        Of the class: arguments that are younger than some weights, with the values that those were made with.
    has_mask : bool
        Of the class: whether it says where the fixed image has no counterpart, with the output ``"counterpart_mask"``,
        the method `counterpart_mask` and the property `mask_halo` of a `CounterpartNetwork`.
    levels : int
        Pyramid levels of the outputs.
    spacing_per_axis : tuple of int
    stages, stage : tuple of str, str or None
        Parts that are trained one after the other; the one that `start_stage` named, None: all are trained.
    size_multiples : tuple of int
        Every side of an image must be a multiple of this number, per axis.
    halo : tuple of int or None
        By how many pixels per axis a tile reaches beyond its own part; None: the network must see the whole image.
    similarity : str or None
        By what its results are judged, as `dirv_tf.losses.image_dissimilarity` takes it: what the loss compares that it
        was compiled with or, by its card, trained with; after true fields between an image and its warped copy "mse",
        or "mind" where one of the two changed its appearance. None where nobody knows. Where `dirv_tf.register` is told
        to use the network, a field that makes the images less alike by this measure is not taken.
    noise_floor : float or None
        The largest absolute difference of two images in [0, 1] below which its field is noise: `dirv_tf.register`
        leaves such a pair as it is. As the card states it (`dirv_tf.registration.measure_noise_floor`) or None.
    card : dict or None
        Of the weights file that the network was loaded from.

    Raises
    ------
    ValueError
        On construction, for an impossible argument; when called, if the images differ in shape, have another rank or
        several channels, or a side is not a legal multiple.

    Notes
    -----
    The outputs must hold ``"flow_field"``, ``(B, n_1, ..., n_r, r)``: backward, pixels, array-axis order. They may
    hold, each a tuple over pyramid levels, coarse to fine:

    - ``"displacement_fields"``: the field after every stage or unit at the control points, in pixels of the level,
      ``(B, n_u, g_1, ..., g_r, r)``;
    - ``"fixed_images"``, ``"moving_images"``, ``"registered_images"``: ``(B, n_1^l, ..., n_r^l, 1)``.

    `completed` adds those that are missing, as of a single level. Losses, metrics and pictures see completed outputs.

    Examples
    --------
    >>> import tensorflow as tf
    >>> from dirv_tf.models import RegistrationNetwork
    >>> class TwoLayers(RegistrationNetwork):
    ...     kind = "two_layers"
    ...     def __init__(self, rank=2, channels=8, **kwargs):
    ...         super().__init__(rank, **kwargs)
    ...         self.channels = channels
    ...         self.features = tf.keras.layers.Conv2D(channels, 3, padding="same", activation="relu")
    ...         self.field = tf.keras.layers.Conv2D(2, 3, padding="same")
    ...     def call(self, inputs):
    ...         fixed, moving = self.checked_pair(inputs)
    ...         return {"flow_field": self.field(self.features(tf.concat([fixed, moving], axis=-1)))}
    ...     def get_config(self):
    ...         return {**super().get_config(), "channels": self.channels}
    >>> outputs = TwoLayers()((tf.zeros([1, 16, 16, 1]), tf.zeros([1, 16, 16, 1])))
    >>> tuple(outputs["flow_field"].shape)
    (1, 16, 16, 2)
    """

    kind: ClassVar[str] = ""
    task: ClassVar[str] = "registration"
    how_computed: ClassVar[tuple[str, ...]] = ("dtype", "normalization")
    free_arguments: ClassVar[tuple[str, ...]] = ()
    later_arguments: ClassVar[dict[str, Any]] = {}
    has_mask: ClassVar[bool] = False
    levels: int = 1
    stages: tuple[str, ...] = ("all",)

    def __init__(
        self,
        rank: int = 2,
        spacing: int | Sequence[int] = 4,
        normalization: str | None = None,
        dtype: Any = None,
        **kwargs: Any,
    ):
        own_policy, layer_policy = split_policy(dtype)
        super().__init__(dtype=own_policy, **kwargs)
        self.layer_policy = layer_policy
        self.rank = one_of(2, 3)("rank", rank)
        self.spacing = per_axis(integer(1, 4096), rank)("spacing", spacing)
        self.spacing_per_axis = (self.spacing,) * rank if isinstance(self.spacing, int) else self.spacing
        self.size_multiples = self.spacing_per_axis
        self.normalization = optional(one_of(*NORMALIZATIONS))("normalization", normalization)
        for name in ("card", "stage", "_registration_loss"):
            self._set_untracked(name, None)
        self._set_untracked("_mean_loss", tf.keras.metrics.Mean(name="loss"))
        self._set_untracked("_registration_metrics", [])

    def get_config(self) -> dict[str, Any]:
        """Return the base class's arguments; a subclass adds its own and leaves out those that it does not take."""
        return {
            "name": self.name,
            "rank": self.rank,
            "spacing": self.spacing,
            "normalization": self.normalization,
            "dtype": self.layer_policy,
        }

    def architecture(self) -> dict[str, Any]:
        """Return the arguments that the weights belong to, one form of each: `get_config` without `how_computed`."""
        arguments = {name: value for name, value in self.get_config().items() if name not in self.how_computed}
        return {**arguments, "spacing": self.spacing_per_axis} if "spacing" in arguments else arguments

    # AutoGraph, in Keras 2 alone, would rewrite networks and layers in search of Python loops over tensors, for
    # seconds. Not `call` itself, whose signature Keras reads.
    @tf.autograph.experimental.do_not_convert
    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return super().__call__(*args, **kwargs)

    def build(self, input_shape: Any = None) -> None:
        """Create the variables, by calling the network on a small pair (and a field), unless they are there."""
        if self.built:  # type: ignore[has-type]
            return
        self.built = True
        size = geometry.legal_size((_SMALL_SIDE,) * self.rank, self.size_multiples)
        with tf.init_scope():
            channels = (1, 1, self.rank) if self.task == "uncertainty" else (1, 1)
            self.call(tuple(tf.zeros((1, *size, count)) for count in channels))

    def named_variables(self) -> dict[str, tf.Variable]:
        """Return every variable by a path that is the same in every version of Keras: ``features/kernel``."""
        self.build()
        return variable_paths(self)

    @property
    def halo(self) -> tuple[int, ...] | None:
        return None

    @property
    def similarity(self) -> str | None:
        return own_similarity(self.kind, self._registration_loss, self.card)

    @property
    def noise_floor(self) -> float | None:
        return (self.card or {}).get("noise_floor")

    def start_stage(self, name: str) -> None:
        """Train one of the `stages` from now on, all others frozen; then `compile`. ValueError: there is none."""
        self._set_untracked("stage", one_of(*self.stages)("name", name))

    def checked_pair(self, inputs: Any) -> tuple[tf.Tensor, tf.Tensor]:
        """Return the pair as tensors, or raise a ValueError that says what this network takes."""
        return checked_pair(inputs, type(self).__name__, self.rank, self.size_multiples)

    def checked_triple(self, inputs: Any) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
        """Return a pair and a field to judge as tensors, or raise a ValueError that says what this network takes."""
        return checked_triple(inputs, type(self).__name__, self.rank, self.size_multiples)

    def completed(self, inputs: Any, outputs: dict[str, Any]) -> dict[str, Any]:
        """Return the outputs for a pair with everything that losses, metrics and pictures may look at.

        Parameters
        ----------
        inputs : sequence of tf.Tensor, the first two of shape (B, n_1, ..., n_r, 1)
            What the network was called on: the fixed and the moving image first.
        outputs : dict
            What it returned.

        Returns
        -------
        dict
            All entries of the class's Notes; entries that were there are kept.

        Raises
        ------
        ValueError
            If there is no flow field.
        """
        return completed_outputs(inputs, outputs, type(self).__name__, self.spacing_per_axis)

    def observer(self) -> NetworkObserver:
        """Return what draws and measures this network during training and in reports."""
        return NetworkObserver(self)

    def _set_untracked(self, name, value):
        # Past Keras's attribute tracking, which would count the variables of a metric among the model's parameters.
        object.__setattr__(self, name, value)

    def compile(
        self,
        optimizer: Any = "adam",
        loss: Callable[..., tf.Tensor] | None = None,
        metrics: Sequence[Any] | None = None,
        jit_compile: bool | None = None,
        **kwargs: Any,
    ) -> None:
        """Configure training as in any Keras model.

        Parameters
        ----------
        optimizer : str or tf.keras.optimizers.Optimizer
        loss : callable
            ``loss(targets, outputs)`` on the true field, or what else is known of the pairs (`dirv_tf.losses.targets`),
            and the completed outputs, see `dirv_tf.losses`.
        metrics : list of tf.keras.metrics.Metric or None
            Updated with ``(targets, outputs)``, e.g. ``[RegistrationErrors(network.levels)]``.
        jit_compile : bool or None
            Compile the whole step with XLA. None: where there is a GPU; on CPUs TensorFlow's convolutions are faster.
        """
        if loss is None or not callable(loss):
            expected = "`loss` must be a loss of `dirv_tf.losses` or a function loss(targets, outputs)"
            raise ValueError(f"{expected}. Received: loss={loss!r}")
        jit_compile = bool(tf.config.list_physical_devices("GPU")) if jit_compile is None else jit_compile
        super().compile(optimizer=optimizer, loss=loss, metrics=metrics, jit_compile=jit_compile, **kwargs)
        self._set_untracked("_registration_loss", loss)
        self._set_untracked("_registration_metrics", list(metrics or []))

    def compile_from_config(self, config: dict[str, Any]) -> None:
        """Restore optimizer, loss and metrics of a saved model, which Keras leaves to a class with its own compile."""
        self.compile(**tf.keras.utils.deserialize_keras_object(config))
        self._build_optimizer()

    def make_train_function(self, *arguments: Any, **kwargs: Any) -> Any:
        self._build_optimizer()
        return super().make_train_function(*arguments, **kwargs)

    def _build_optimizer(self):
        # A step that makes the variables of its optimizer, as Keras leaves it, is traced twice.
        if self.built and hasattr(self.optimizer, "build"):
            with self.distribute_strategy.scope():
                self.optimizer.build(self.trainable_variables)

    @property
    def metrics(self):
        return [self._mean_loss, *self._registration_metrics]

    def compute_loss(
        self, x: Any = None, y: Any = None, y_pred: Any = None, sample_weight: Any = None, **kwargs: Any
    ) -> tf.Tensor:
        loss = self._registration_loss(y, self.completed(x, y_pred))
        self._mean_loss.update_state(loss, sample_weight=tf.shape(y_pred["flow_field"])[0])
        # Under `tf.distribute` the gradients of the replicas are summed, and each replica has its share of the batch.
        return loss / tf.distribute.get_strategy().num_replicas_in_sync

    def _validate_target_and_loss(self, y, loss):
        # Keras 2 would demand a target here; unsupervised training has none, and the losses that need one say so.
        pass

    def compute_metrics(self, x: Any, y: Any, y_pred: Any, sample_weight: Any = None) -> dict[str, Any]:
        outputs = self.completed(x, y_pred)
        for metric in self._registration_metrics:
            metric.update_state(y, outputs)
        return self.get_metrics_result()
