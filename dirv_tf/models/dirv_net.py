"""DIRV-Net: variational units on a coarse-to-fine pyramid."""

from __future__ import annotations

import tensorflow as tf

from dirv_tf import geometry
from dirv_tf.geometry.shapes import per_axis
from dirv_tf.layers.precision import split_policy
from dirv_tf.models.pyramid_level import PyramidLevel


@tf.keras.utils.register_keras_serializable(package="dirv_tf")
class DIRVNet(tf.keras.Model):
    """Variational network for deformable registration of image pairs (thesis 5, eqs. 19-28).

    Parameters
    ----------
    rank : {2, 3}
        Number of spatial axes.
    levels : int
        Number of pyramid levels ``n_l``.
    units : int or sequence of int
        Units per level ``n_u``, one number for all levels or one per level, coarse to fine.
    experts : int or (int, int)
        Experts ``n_e`` of the data term and of the regularizer.
    kernel_sizes : int or (int, int)
        Kernel side of the data term (pixels) and of the regularizer (control points).
    knots : int
        Knots ``n_q`` per potential function.
    knot_range : pair of float
        Position of the first and of the last knot.
    spacing : int or sequence of int
        Control-point spacing ``s`` in pixels, one for all axes or one per axis.
    centered : bool
        Whether the potentials are held at ``ψ(0) = 0``, so that an identical pair gives the zero field. False
        is the thesis's form.
    step_size_scale : float
        How many times faster than the other variables the step sizes are learned, see `VariationalUnit`.
    field_upsampling : {"nearest", "linear"}
        How the field is carried to the next finer level, see `geometry.upsample_displacement_field`. The thesis repeats
        every value; "linear" hands on a smooth field and costs nothing.
    dtype : str or Keras policy
        "mixed_bfloat16": the experts of the data term in 16 bits; images, fields and variables stay float32. Default:
        Keras's global policy.
    checkpoint_units : bool
        Whether training computes every unit twice instead of keeping what its gradients need, see `PyramidLevel`.
    separate_levels : bool
        Whether each level learns from its own loss alone: no gradient passes from a level to the one before. Over
        several levels such gradients can grow a thousandfold and spoil the training. Results of a given network are the
        same.

    Attributes
    ----------
    pyramid_levels : list of PyramidLevel
        Coarse to fine.
    size_multiples : tuple of int
        Every image side must be a multiple of this number (per axis): ``spacing * 2**(levels - 1)``.
    level_class : type
        Of the class: what its levels are; a subclass may name a variant of `PyramidLevel`.

    Raises
    ------
    ValueError
        On construction, if an argument is impossible; when called, if the images differ in shape, have another rank
        or several channels, or a side is not a legal multiple.

    Notes
    -----
    Called on ``(fixed, moving)``, both ``(B, n_1, ..., n_r, 1)`` with intensities in [0, 1]. Returns a dictionary:

    - ``"flow_field"``: ``(B, n_1, ..., n_r, r)``, dense backward field of the finest level, pixels, array-axis order;
    - ``"displacement_fields"``: per level, coarse to fine, the field after every unit, ``(B, n_u, g_1, ..., g_r, r)``,
      pixels of that level;
    - ``"fixed_images"``, ``"moving_images"``, ``"registered_images"``: per level, ``(B, n_1^l, ..., n_r^l, 1)``.

    Examples
    --------
    >>> import tensorflow as tf
    >>> from dirv_tf.models import DIRVNet
    >>> model = DIRVNet(rank=2, levels=2, units=3, experts=8)
    >>> outputs = model((tf.zeros([1, 64, 64, 1]), tf.zeros([1, 64, 64, 1])))
    >>> tuple(outputs["flow_field"].shape)
    (1, 64, 64, 2)
    """

    level_class = PyramidLevel

    def __init__(
        self,
        rank: int = 2,
        levels: int = 1,
        units=7,
        experts=24,
        kernel_sizes=(7, 5),
        knots: int = 24,
        knot_range=(-1.0, 1.0),
        spacing=4,
        centered: bool = True,
        step_size_scale: float = 10.0,
        field_upsampling: str = "nearest",
        dtype=None,
        checkpoint_units: bool = False,
        separate_levels: bool = False,
        **kwargs,
    ):
        own_policy, expert_policy = split_policy(dtype)
        super().__init__(dtype=own_policy, **kwargs)
        if rank not in (2, 3):
            raise ValueError(f"`rank` must be 2 or 3. Received: rank={rank!r}")
        if isinstance(levels, bool) or not isinstance(levels, int) or levels < 1:
            raise ValueError(f"`levels` must be a positive integer. Received: levels={levels!r}")
        units_per_level = (units,) * levels if isinstance(units, int) else tuple(units)
        if len(units_per_level) != levels:
            raise ValueError(
                f"`units` must be one number, or one per level (coarse to fine). "
                f"Received: units={units!r}, levels={levels}"
            )
        geometry.check_field_upsampling(field_upsampling, "field_upsampling")
        self.rank = rank
        self.field_upsampling = field_upsampling
        self.separate_levels = bool(separate_levels)
        self.spacing = per_axis(spacing, rank, "spacing")
        self.size_multiples = tuple(s * 2 ** (levels - 1) for s in self.spacing)
        self.pyramid_levels = [
            self.level_class(
                n,
                experts,
                kernel_sizes,
                knots,
                knot_range,
                self.spacing,
                centered,
                step_size_scale,
                dtype=expert_policy,
                checkpoint_units=checkpoint_units,
                name=f"level{index}",
            )
            for index, n in enumerate(units_per_level)
        ]
        self._set_untracked("_mean_loss", tf.keras.metrics.Mean(name="loss"))
        self._set_untracked("_registration_loss", None)
        self._set_untracked("_registration_metrics", [])
        # No variable depends on the image size, so the model is ready (to count, load or save weights) at once.
        unknown = (None,) * rank
        for level in self.pyramid_levels:
            level.build(((None, *unknown, 1), (None, *unknown, 1), (None, *unknown, rank)))
        self.built = True

    # ------------------------------------------------------------------ config

    def get_config(self):
        config = self.pyramid_levels[0].get_config()
        keys = (
            "experts",
            "kernel_sizes",
            "knots",
            "knot_range",
            "centered",
            "step_size_scale",
            "dtype",
            "checkpoint_units",
        )
        return {
            "name": self.name,
            "rank": self.rank,
            "levels": len(self.pyramid_levels),
            "units": tuple(len(level.units) for level in self.pyramid_levels),
            **{key: config[key] for key in keys},
            "spacing": self.spacing,
            "field_upsampling": self.field_upsampling,
            "separate_levels": self.separate_levels,
        }

    def build(self, input_shape=None):
        """Do nothing: the variables exist since construction (Keras calls this when it loads a model)."""
        self.built = True

    def named_variables(self) -> dict:
        """Return every variable by a path that is the same in every version of Keras, e.g. ``level0/unit3/step_size``."""
        named = {}
        for level_index, level in enumerate(self.pyramid_levels):
            for unit_index, unit in enumerate(level.units):
                path = f"level{level_index}/unit{unit_index}"
                for term in ("data_experts", "regularizer_experts"):
                    experts = getattr(unit, term)
                    named[f"{path}/{term}/kernels"] = experts.kernels
                    named[f"{path}/{term}/knots"] = experts.potential.knots
                named[f"{path}/step_size"] = unit.step_size
        return named

    # ------------------------------------------------------------------ calls

    def call(self, inputs):
        fixed, moving = self._checked(inputs)
        fixed_images, moving_images = [fixed], [moving]
        for _ in self.pyramid_levels[1:]:
            fixed_images.insert(0, geometry.downsample_image(fixed_images[0]))
            moving_images.insert(0, geometry.downsample_image(moving_images[0]))
        displacement_field = tf.zeros_like(geometry.sample_control_points(fixed_images[0], self.spacing))
        displacement_field = tf.repeat(displacement_field, self.rank, axis=-1)
        displacement_fields, registered_images = [], []
        for index, (level, fixed_image, moving_image) in enumerate(
            zip(self.pyramid_levels, fixed_images, moving_images)
        ):
            if index:
                if self.separate_levels:
                    displacement_field = tf.stop_gradient(displacement_field)
                displacement_field = geometry.upsample_displacement_field(displacement_field, self.field_upsampling)
            fields = level((fixed_image, moving_image, displacement_field))
            displacement_field = fields[:, -1]
            flow_field = geometry.interpolate_control_points(displacement_field, self.spacing)
            displacement_fields.append(fields)
            registered_images.append(geometry.warp_image(moving_image, flow_field))
        return {
            "flow_field": flow_field,
            "displacement_fields": tuple(displacement_fields),
            "fixed_images": tuple(fixed_images),
            "moving_images": tuple(moving_images),
            "registered_images": tuple(registered_images),
        }

    def _checked(self, inputs):
        if not isinstance(inputs, (list, tuple)) or len(inputs) != 2:
            raise ValueError(f"a DIRVNet is called on the pair (fixed, moving). Received: {type(inputs).__name__}")
        fixed, moving = (tf.convert_to_tensor(image) for image in inputs)
        for name, image in (("fixed", fixed), ("moving", moving)):
            if not image.dtype.is_floating:
                raise ValueError(f"`{name}` must be floating point in [0, 1]. Received: {name}.dtype={image.dtype.name}")
            if image.shape.rank != self.rank + 2 or image.shape[-1] != 1:
                sizes = ", ".join(f"n_{axis + 1}" for axis in range(self.rank))
                raise ValueError(
                    f"`{name}` must have shape (B, {sizes}, 1) for this {self.rank}D model. "
                    f"Received: {name}.shape={image.shape}"
                )
            geometry.check_legal_size(image, self.size_multiples, name)
        if not fixed.shape.is_compatible_with(moving.shape):
            raise ValueError(
                f"`fixed` and `moving` must have the same shape. "
                f"Received: fixed.shape={fixed.shape}, moving.shape={moving.shape}"
            )
        return fixed, moving

    # ------------------------------------------------------------------ training

    def _set_untracked(self, name, value):
        # Past Keras's attribute tracking, which would count the variables of a metric among the model's parameters.
        object.__setattr__(self, name, value)

    def compile(self, optimizer="adam", loss=None, metrics=None, jit_compile=None, **kwargs):
        """Configure training as in any Keras model.

        Parameters
        ----------
        optimizer : str or tf.keras.optimizers.Optimizer
        loss : callable
            ``loss(flow_field, outputs)`` on the true field and the whole dictionary of outputs, see `dirv_tf.losses`.
        metrics : list of tf.keras.metrics.Metric or None
            Updated with ``(flow_field, outputs)``, e.g. ``[RegistrationErrors(levels)]``.
        jit_compile : bool or None
            Compile the whole step with XLA. None: where TensorFlow sees a GPU; on CPUs the convolutions of
            TensorFlow itself are faster.
        """
        if loss is None or not callable(loss):
            raise ValueError(
                f"`loss` must be a loss of `dirv_tf.losses` or a function loss(flow_field, outputs). "
                f"Received: loss={loss!r}"
            )
        if jit_compile is None:
            jit_compile = bool(tf.config.list_physical_devices("GPU"))
        super().compile(optimizer=optimizer, loss=loss, metrics=metrics, jit_compile=jit_compile, **kwargs)
        self._set_untracked("_registration_loss", loss)
        self._set_untracked("_registration_metrics", list(metrics or []))

    def compile_from_config(self, config):
        """Restore optimizer, loss and metrics of a saved model (Keras leaves that to classes with their own compile)."""
        self.compile(**tf.keras.utils.deserialize_keras_object(config))
        if self.optimizer is not None:
            self.optimizer.build(self.trainable_variables)

    @property
    def metrics(self):
        return [self._mean_loss, *self._registration_metrics]

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, **kwargs):
        loss = self._registration_loss(y, y_pred)
        self._mean_loss.update_state(loss, sample_weight=tf.shape(y_pred["flow_field"])[0])
        return loss

    def _validate_target_and_loss(self, y, loss):
        # Keras 2 would demand a target here; unsupervised training has none, and the losses that need one say so.
        pass

    def compute_metrics(self, x, y, y_pred, sample_weight=None):
        for metric in self._registration_metrics:
            metric.update_state(y, y_pred)
        return self.get_metrics_result()
