"""AVSM: a recurrent affine network and a momentum network, trained without true fields, both directions at once."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, ClassVar

import tensorflow as tf

from dirv_tf import geometry
from dirv_tf.layers import MultiGaussianSmoothing, Warp
from dirv_tf.models import bounds
from dirv_tf.models.avsm.affine_network import AffineNetwork
from dirv_tf.models.avsm.affine_of_tiles import affine_of_tiles
from dirv_tf.models.avsm.momentum_network import MomentumNetwork
from dirv_tf.models.avsm.network_rules import (
    BOUNDARIES,
    COARSEST,
    DEVIATIONS,
    GAUSSIAN_WEIGHTS,
    INTEGRATORS,
    MOMENTUM_COARSENESS,
    ORDERS,
    STAGES,
    misfit,
)
from dirv_tf.models.avsm.observer import AVSMObserver
from dirv_tf.models.avsm.velocity_unit import carried, sides
from dirv_tf.models.registration_network import RegistrationNetwork
from dirv_tf.models.registry import register_network
from dirv_tf.validation import boolean, integer, list_of, number, one_of, optional


@register_network
class AVSM(RegistrationNetwork):
    """Affine network and vector-momentum stationary velocity fields (Shen et al. 2019).

    The affine network looks at the fixed and the warped moving image in several steps. Then, again in several steps, a
    network of momenta looks at them; a momentum, smoothed by Gaussians, is the velocity that carries the map along. The
    moving image itself is interpolated, once. `start_stage` trains one of the two networks and freezes the other.

    Parameters
    ----------
    rank : {2, 3}
        Number of spatial axes.
    affine_size : int
        The affine network sees both images resized to so many pixels along every axis, a multiple of 16.
    affine_steps, momentum_steps : int
        Steps of the two networks; in training, those that `start_stage` names.
    affine_order : {"left", "right"}
        Whether the affine map of a step follows those before it, as published, or precedes them.
    width : float
        Factor on the filters of the momentum network; 1 as published.
    integrator : {"squaring", "advection"}
        Scaling and squaring of the velocity, or the transport equation of the map, as published: the same up to some
        hundredths of a pixel.
    integration_steps : int
        Squarings, or steps of the Runge-Kutta method (published: 10).
    deviations, gaussian_weights : sequence of float
        Of the smoothing that makes velocities of momenta, see `geometry.multi_gaussian_smoothing`; as published.
    boundary : {"periodic", "reflect"}
        How momenta go on beyond the border.
    zero_start : bool
        Whether both networks start as the identity.
    kernel_initializer : {"glorot_uniform", "he_uniform"}
        What the layers before the last of both networks start with; the second suits rectifiers.
    native_side : int or None
        The side in pixels of the images that both networks know, a multiple of 16. Of larger ones the affine network
        sees tiles of that side, and deviations and velocities count in such sides. None: in those of the image, and the
        affine network sees all of it, as published; larger images than those of the training then go wrong.
    spacing, normalization, dtype
        As of `RegistrationNetwork`.

    Attributes
    ----------
    stages : tuple of str
        "affine" and "momentum"; the attribute of that name is the network.
    stage : str or None
        The one that is trained; during "affine" the momentum network is not called. None: both are trained.
    size_multiples : tuple of int
        Every image side must be a multiple of this number (per axis): a common one of 16 and the spacing.

    Raises
    ------
    ValueError
        As of `RegistrationNetwork`; on construction, unless every deviation has a weight.

    Notes
    -----
    Called on ``(fixed, moving)``, both ``(B, n_1, ..., n_r, 1)`` with intensities in [0, 1]. Returns the dictionary of
    a `RegistrationNetwork` of one level, whose ``"displacement_fields"`` hold the field after the affine network and
    after every step of momenta. Its entry ``"stage"`` holds what an `AVSMLoss` looks at: images, affine map, momenta,
    velocities and fields; trained with that loss, also those of the other direction, under ``"reverse"``.

    References
    ----------
    Shen et al., "Networks for joint affine and non-parametric image registration", CVPR 2019.

    Examples
    --------
    >>> import tensorflow as tf
    >>> from dirv_tf.models import AVSM
    >>> network = AVSM(rank=2, width=0.25)
    >>> network.affine.count_params(), network.momentum.count_params()
    (45418, 127722)
    >>> tuple(network((tf.zeros([1, 32, 32, 1]), tf.zeros([1, 32, 32, 1])))["flow_field"].shape)
    (1, 32, 32, 2)
    """

    kind = "avsm"
    free_arguments = ("kernel_initializer", "native_side")
    later_arguments: ClassVar[dict[str, Any]] = {"kernel_initializer": "glorot_uniform", "native_side": None}
    stages = STAGES

    def __init__(
        self,
        rank: int = 2,
        affine_size: int = 64,
        affine_steps: int = 7,
        affine_order: str = "left",
        width: float = 1.0,
        momentum_steps: int = 3,
        integrator: str = "squaring",
        integration_steps: int = 7,
        deviations: Sequence[float] = DEVIATIONS,
        gaussian_weights: Sequence[float] = GAUSSIAN_WEIGHTS,
        boundary: str = "periodic",
        zero_start: bool = True,
        kernel_initializer: str = "glorot_uniform",
        native_side: int | None = None,
        dtype: Any = None,
        **kwargs: Any,
    ):
        super().__init__(rank, dtype=dtype, **kwargs)
        self.affine_size = integer(1, 1024)("affine_size", affine_size)
        self.affine_steps = bounds.repetitions()("affine_steps", affine_steps)
        self.affine_order = one_of(*ORDERS)("affine_order", affine_order)
        self.width = number(above=0, high=16)("width", width)
        self.momentum_steps = bounds.repetitions()("momentum_steps", momentum_steps)
        self.integrator = one_of(*INTEGRATORS)("integrator", integrator)
        self.integration_steps = bounds.repetitions()("integration_steps", integration_steps)
        self.deviations = list_of(number(above=0), longest=100)("deviations", deviations)
        self.gaussian_weights = list_of(number(low=0), longest=100)("gaussian_weights", gaussian_weights)
        self.boundary = one_of(*BOUNDARIES)("boundary", boundary)
        self.zero_start = boolean()("zero_start", zero_start)
        self.kernel_initializer = bounds.kernel_initializer()("kernel_initializer", kernel_initializer)
        self.native_side = optional(integer(COARSEST, 2**16))("native_side", native_side)
        problem = misfit(self.affine_size, self.deviations, self.gaussian_weights, self.native_side)
        if problem:
            raise ValueError(
                f"{problem}. Received: affine_size={affine_size}, deviations={deviations!r}, "
                f"gaussian_weights={gaussian_weights!r}, native_side={native_side}"
            )
        self.size_multiples = tuple(math.lcm(COARSEST, step) for step in self.spacing_per_axis)
        self._set_untracked("_stage_steps", None)
        own_policy = self.dtype_policy.name
        common = self.zero_start, self.kernel_initializer, self.layer_policy
        self.affine = AffineNetwork(rank, self.affine_size, self.affine_order, *common, name="affine")
        self.momentum = MomentumNetwork(rank, self.width, *common, name="momentum")
        # Of the grid of momenta.
        self._native_grid = self.native_side and self.native_side // MOMENTUM_COARSENESS
        smoothing = self.deviations, self.gaussian_weights, self.boundary, self._native_grid
        self.smoothing = MultiGaussianSmoothing(*smoothing, dtype=own_policy, name="smoothing")
        self.warp = Warp(dtype=own_policy)
        # No variable depends on the image size, so the model is ready (to count, load or save weights) at once.
        self.affine.build()
        self.momentum.build()
        for layer in (self.smoothing, self.warp):
            layer.build((None, *(None,) * rank, None))
        self.built = True

    def get_config(self) -> dict[str, Any]:
        own = (
            "affine_size", "affine_steps", "affine_order", "width", "momentum_steps", "integrator", "integration_steps",
            "deviations", "gaussian_weights", "boundary", "zero_start", "kernel_initializer", "native_side",
        )  # fmt: skip
        return {**super().get_config(), **{name: getattr(self, name) for name in own}}

    def start_stage(self, name: str, steps: int | None = None) -> None:
        """Train one of the two networks from now on, see `RegistrationNetwork.start_stage`.

        Parameters
        ----------
        name : {"affine", "momentum"}
        steps : int or None
            Steps of this network while it is trained; otherwise, and in tests, they stay those of the argument
            `affine_steps` or `momentum_steps`. None: those as well.
        """
        super().start_stage(name)
        self._set_untracked("_stage_steps", None if steps is None else bounds.repetitions()("steps", steps))
        for each in self.stages:
            getattr(self, each).trainable = each == name

    def observer(self) -> AVSMObserver:
        return AVSMObserver(self)

    # ------------------------------------------------------------------ calls

    def call(self, inputs: tuple[tf.Tensor, tf.Tensor], training: bool | None = None) -> dict[str, Any]:
        fixed, moving = self.checked_pair(inputs)
        if not training or not self._both_directions:
            return self._registered(fixed, moving, training)
        images = tf.concat([fixed, moving], axis=0), tf.concat([moving, fixed], axis=0)
        both = self._registered(*images, training)
        count = fixed.shape[0] or tf.shape(fixed)[0]
        outputs, reverse = (
            tf.nest.map_structure(lambda values, half=half: values[half], both)
            for half in (slice(count), slice(count, None))
        )
        return self._with_reverse(outputs, reverse)

    def compute_loss(
        self, x: Any = None, y: Any = None, y_pred: Any = None, sample_weight: Any = None, **kwargs: Any
    ) -> tf.Tensor:
        if self._both_directions and "reverse" not in y_pred["stage"]:
            # Of tests, which register one way.
            fixed, moving = self.checked_pair(x)
            y_pred = self._with_reverse(y_pred, self._registered(moving, fixed, False))
        return super().compute_loss(x, y, y_pred, sample_weight, **kwargs)

    @property
    def _both_directions(self):
        return getattr(self._registration_loss, "both_directions", False)

    def _with_reverse(self, outputs, reverse):
        # How far the stage has come: some weights of the loss fall with it.
        updates = tf.cast(tf.convert_to_tensor(self.optimizer.iterations), tf.float32)
        return {**outputs, "stage": {**outputs["stage"], "reverse": reverse["stage"], "updates": updates}}

    def _steps(self, stage, training):
        in_training = training and self.stage == stage and self._stage_steps
        return in_training or getattr(self, f"{stage}_steps")

    def _affine_map(self, fixed, moving, steps):
        if self.native_side is None:
            return self.affine((fixed, moving), steps=steps)
        return affine_of_tiles(self.affine, fixed, moving, self.native_side, steps)

    def _in_own_sides(self, velocity):
        """Return a velocity in units of the image's sides."""
        if self.native_side is None:
            return velocity
        own = tf.cast(tf.stack(sides(velocity)) - 1, velocity.dtype)
        return velocity * ((self._native_grid - 1) / own)

    def _registered(self, fixed, moving, training):
        matrix, translation = self._affine_map(fixed, moving, self._steps("affine", training))
        if self.stage == "momentum":
            # A frozen network hands on its map, and takes no gradient.
            matrix, translation = tf.stop_gradient(matrix), tf.stop_gradient(translation)
        size = sides(fixed)
        flow_field = geometry.affine_flow_field(*geometry.normalized_to_pixels(matrix, translation, size), size)
        registered = self.warp((moving, flow_field))
        stage = {"fixed": fixed, "matrix": matrix, "translation": translation}
        totals = [flow_field]
        if self.stage != "affine":
            steps = {key: [] for key in ("momenta", "velocities", "flow_fields", "registered_images")}
            for _ in range(self._steps("momentum", training)):
                momentum = self.momentum((fixed, registered))
                velocity = self._in_own_sides(self.smoothing(momentum))
                flow_field = carried(flow_field, velocity, self.integrator, self.integration_steps)
                registered = self.warp((moving, flow_field))
                totals.append(flow_field)
                for key, value in zip(steps, (momentum, velocity, flow_field, registered)):
                    steps[key].append(value)
            stage.update({key: tuple(values) for key, values in steps.items()})
        sampled = [geometry.sample_control_points(field, self.spacing_per_axis) for field in totals]
        return {
            "flow_field": flow_field,
            "displacement_fields": (tf.stack(sampled, axis=1),),
            "fixed_images": (fixed,),
            "moving_images": (moving,),
            "registered_images": (registered,),
            "stage": {**stage, "registered": registered},
        }
