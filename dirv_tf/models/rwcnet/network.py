"""RWCNet: recurrent networks with a cost volume at several resolutions, trained one after the other."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import tensorflow as tf

from dirv_tf import geometry
from dirv_tf.layers import Warp
from dirv_tf.models.bounds import channel_count, kernel_side
from dirv_tf.models.registration_network import RegistrationNetwork
from dirv_tf.models.registry import register_network
from dirv_tf.models.rwcnet.drawn_patch import DrawnPatch
from dirv_tf.models.rwcnet.level_rules import (
    BLOCKS,
    LEVELS,
    MEASURES,
    PARTS,
    RADII,
    STEPS,
    misfit,
    per_level,
    reach,
    size_multiple,
    stage_names,
)
from dirv_tf.models.rwcnet.observer import RWCNetObserver
from dirv_tf.models.rwcnet.recurrent_level import RecurrentLevel
from dirv_tf.validation import boolean, number, one_of


@register_network
class RWCNet(RegistrationNetwork):
    """Recurrence With Correlation Network: local cost volumes and recurrent updates, coarse to fine (Sivan 2022).

    Every level registers the fixed image and the moving image warped by the levels before it, both at its resolution:
    a convolutional gated recurrent unit looks up the matching costs around where every pixel lies now, and gives the
    next step. The field of a level and that before it are composed. `start_stage` trains one level and freezes the
    others.

    Parameters
    ----------
    rank : {2, 3}
        Number of spatial axes.
    resolutions : sequence of {8, 4, 2, 1}
        Pixels of the image per pixel of a level, along an axis; every level half of that before it.
    steps, radii : int or sequence of int
        Recurrent steps, and how many pixels around a pixel are looked up: one number for all levels or one per level.
    features, hidden : int
        Channels of the features that are compared and of the hidden state.
    blocks : sequence of int
        Residual blocks of the feature networks at every size, from the finest on.
    flow_kernel : int
        Odd side of the first kernel over the field.
    measure : {"dot", "ssd", "sad_box"}
        How features are compared, see `geometry.cost_volume`.
    cost_gradient : bool
        Whether the features learn from the costs.
    use_correlation : bool
        False: there is no cost volume; the unit sees half as many features of each image, as they lie now.
    patches : bool
        Whether every level but the first cuts its images in half along every axis and registers the patches one by one;
        when its stage is trained, one patch of every pair, drawn anew in every step.
    dropout : float
        Share of the first layer's values that the features do without in training; 0.5 in the thesis.
    zero_start : bool
        Whether every level starts with a field of zeros.
    spacing, normalization, dtype
        As of `RegistrationNetwork`.

    Attributes
    ----------
    stages : tuple of str
        "level0", "level1", ...; the attribute of that name is the level.
    stage : str or None
        The one that is trained: those behind it are not called. None: all are called and trained together.
    size_multiples : tuple of int
        Every image side must be a multiple of this number (per axis): a common one of the coarsest resolution times
        ``2**(len(blocks) - 1)``, and the spacing on which fields are scored.

    Raises
    ------
    ValueError
        As of `RegistrationNetwork`; on construction, if the levels do not fit each other.

    Notes
    -----
    Called on ``(fixed, moving)``, both ``(B, n_1, ..., n_r, 1)`` with intensities in [0, 1]. Returns the dictionary of
    a `RegistrationNetwork` of one level, whose ``"displacement_fields"`` hold the total field after every level of this
    network. Its entry ``"stage"`` holds what `dirv_tf.losses.UnsupervisedLoss` looks at: the images of the last level
    that was called (of the patch where one is trained) and its own field; and ``"step_lengths"``, ``(B, steps)``, how
    far every step went. Outside of the patch that is trained, the field is that of the levels before.

    References
    ----------
    Sivan, "Novel multi-scale architecture for medical image registration", thesis, University of Waterloo, 2022.
    The recurrent unit and the look-up are those of Teed and Deng, "RAFT: recurrent all-pairs field transforms for
    optical flow", ECCV 2020.

    Examples
    --------
    >>> import tensorflow as tf
    >>> from dirv_tf.models import RWCNet
    >>> network = RWCNet(rank=2, resolutions=[2, 1], steps=2, radii=2, blocks=[1, 1, 1], hidden=32)
    >>> network.stages, network.count_params()
    (('level0', 'level1'), 305016)
    >>> tuple(network((tf.zeros([1, 32, 32, 1]), tf.zeros([1, 32, 32, 1])))["flow_field"].shape)
    (1, 32, 32, 2)
    """

    kind = "rwcnet"

    def __init__(
        self,
        rank: int = 2,
        resolutions: Sequence[int] = (4, 2, 1),
        steps: int | Sequence[int] = (12, 12, 4),
        radii: int | Sequence[int] = (3, 3, 2),
        features: int = 16,
        hidden: int = 64,
        blocks: Sequence[int] = (1, 2, 2, 4),
        flow_kernel: int = 7,
        measure: str = "dot",
        cost_gradient: bool = True,
        use_correlation: bool = True,
        patches: bool = True,
        dropout: float = 0.0,
        zero_start: bool = True,
        dtype: Any = None,
        **kwargs: Any,
    ):
        super().__init__(rank, dtype=dtype, **kwargs)
        self.resolutions = LEVELS("resolutions", resolutions)
        self.steps = STEPS("steps", steps)
        self.radii = RADII("radii", radii)
        self.features = channel_count()("features", features)
        self.use_correlation = boolean()("use_correlation", use_correlation)
        problem = misfit(self.resolutions, self.steps, self.radii, self.features, self.use_correlation)
        if problem:
            raise ValueError(
                f"{problem}. Received: resolutions={resolutions!r}, steps={steps!r}, radii={radii!r}, "
                f"features={features}, use_correlation={use_correlation}"
            )
        self.hidden = channel_count()("hidden", hidden)
        self.blocks = BLOCKS("blocks", blocks)
        self.flow_kernel = kernel_side()("flow_kernel", flow_kernel)
        self.measure = one_of(*MEASURES)("measure", measure)
        self.cost_gradient = boolean()("cost_gradient", cost_gradient)
        self.patches = boolean()("patches", patches)
        self.dropout = number(low=0, below=1)("dropout", dropout)
        self.zero_start = boolean()("zero_start", zero_start)
        self.stages = stage_names(self.resolutions)
        coarsest = size_multiple(self.resolutions, self.blocks)
        self.size_multiples = tuple(math.lcm(coarsest, step) for step in self.spacing_per_axis)
        self.warp = Warp(dtype=self.dtype_policy.name)
        for name, count, radius in zip(self.stages, *self._per_level()):
            level = RecurrentLevel(
                rank,
                count,
                radius if self.use_correlation else 0,
                self.features,
                self.hidden,
                self.blocks,
                self.flow_kernel,
                self.measure,
                self.cost_gradient,
                self.dropout,
                self.zero_start,
                self.layer_policy,
                name=name,
            )
            setattr(self, name, level)
            # No variable depends on the image size, so the model is ready (to count, load or save weights) at once.
            level.build()
        self.warp.build((None, *(None,) * rank, None))
        self.built = True

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "resolutions": self.resolutions,
            "steps": self.steps,
            "radii": self.radii,
            "features": self.features,
            "hidden": self.hidden,
            "blocks": self.blocks,
            "flow_kernel": self.flow_kernel,
            "measure": self.measure,
            "cost_gradient": self.cost_gradient,
            "use_correlation": self.use_correlation,
            "patches": self.patches,
            "dropout": self.dropout,
            "zero_start": self.zero_start,
        }

    @property
    def halo(self) -> tuple[int, ...]:
        """The look-ups of the coarsest level, and what is around them."""
        width = reach(self.resolutions, *self._per_level())
        return geometry.legal_size((width,) * self.rank, self.size_multiples)

    def observer(self) -> RWCNetObserver:
        return RWCNetObserver(self)

    def start_stage(self, name: str) -> None:
        super().start_stage(name)
        for each in self.stages:
            getattr(self, each).trainable = each == name

    # ------------------------------------------------------------------ calls

    def call(self, inputs: tuple[tf.Tensor, tf.Tensor], training: bool | None = None) -> dict[str, Any]:
        fixed, moving = self.checked_pair(inputs)
        active = self.stages if self.stage is None else self.stages[: self.stages.index(self.stage) + 1]
        seed = self._seed() if training else None
        field = hidden = None
        totals: list[tf.Tensor] = []
        for index, (name, resolution) in enumerate(zip(active, self.resolutions)):
            images = tuple(_halved(image, resolution) for image in (fixed, moving))
            frozen = self.stage not in (None, name)
            field, hidden, stage = self._level(name, images, field, hidden, None if frozen else seed)
            if frozen:
                # A frozen level hands on its field and its state, and takes no gradient.
                field, hidden = tf.stop_gradient(field), tf.stop_gradient(hidden)
            totals.append(_enlarged(field, resolution))
            if index < len(active) - 1:
                field = geometry.upsample_displacement_field(field, "linear")
                hidden = geometry.upsample_image(hidden)
        sampled = [geometry.sample_control_points(total, self.spacing_per_axis) for total in totals]
        return {
            "flow_field": totals[-1],
            "displacement_fields": (tf.stack(sampled, axis=1),),
            "fixed_images": (fixed,),
            "moving_images": (moving,),
            "registered_images": (self.warp((moving, totals[-1])),),
            "stage": stage,
        }

    def _per_level(self):
        return per_level(self.steps, self.resolutions), per_level(self.radii, self.resolutions)

    def _level(self, name, images, before, carried, seed):
        """Run a level; return the total field and the state at its resolution, and what a loss looks at."""
        fixed, moving = images
        warped = moving if before is None else self.warp((moving, before))
        given = (fixed, warped) if carried is None else (fixed, warped, carried)
        level = getattr(self, name)
        if not self.patches or name == self.stages[0]:
            own, hidden, lengths = level(given, seed=seed)
        elif seed is None or self.stage is None:
            given = tuple(geometry.split_patches(each, PARTS) for each in given)
            own, hidden, lengths = level(given, seed=seed)
            own, hidden = (geometry.join_patches(each, PARTS) for each in (own, hidden))
            lengths = tf.reduce_mean(tf.reshape(lengths, [-1, PARTS**self.rank, level.steps]), axis=1)
        else:
            chosen = DrawnPatch(tf.shape(fixed)[0], self.rank, seed)
            patch, hidden, lengths = level(tuple(map(chosen.of, given)), seed=seed)
            own = chosen.placed(patch)
            registered = self.warp((warped, own))
            stage = {"fixed": chosen.of(fixed), "registered": chosen.of(registered), "field": patch}
            # The last level of a training: nothing comes after it that would need the state of the other patches.
            total = own if before is None else geometry.compose(first=before, second=own)
            return total, hidden, {**stage, "step_lengths": lengths}
        total = own if before is None else geometry.compose(first=before, second=own)
        stage = {"fixed": fixed, "registered": self.warp((warped, own)), "field": own, "step_lengths": lengths}
        return total, hidden, stage

    def _seed(self):
        """Return the seed of a training step, ``(2,)``: by its number, so that a resumed training goes on alike."""
        optimizer = getattr(self, "optimizer", None)
        if optimizer is None:
            return tf.random.uniform([2], maxval=2**31 - 1, dtype=tf.int32)
        return tf.stack([tf.cast(optimizer.iterations, tf.int32), len(self.stages)])


def _halved(image, resolution):
    while resolution > 1:
        image, resolution = geometry.downsample_image(image), resolution // 2
    return image


def _enlarged(field, resolution):
    while resolution > 1:
        field, resolution = geometry.upsample_displacement_field(field, "linear"), resolution // 2
    return field
