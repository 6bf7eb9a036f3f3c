"""DLIR: an affine stage and B-spline stages, trained without true fields, one after the other."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, ClassVar

import tensorflow as tf

from dirv_tf import geometry
from dirv_tf.geometry.cubic_spline import BORDERS
from dirv_tf.layers import Warp
from dirv_tf.models import bounds
from dirv_tf.models.dlir.affine_stage import AffineStage
from dirv_tf.models.dlir.spline_stage import SplineStage
from dirv_tf.models.dlir.stage_fields import AffineField, SplineField, combined, total
from dirv_tf.models.dlir.stage_rules import (
    COMBINATIONS,
    DOWNSAMPLINGS,
    RESOLUTIONS,
    SPACINGS,
    misfit,
    reach,
    size_multiple,
    stage_names,
)
from dirv_tf.models.registration_network import RegistrationNetwork
from dirv_tf.models.registry import register_network
from dirv_tf.validation import boolean, list_of, one_of


@register_network
class DLIR(RegistrationNetwork):
    """Stack of an affine stage and B-spline stages, coarse to fine (de Vos et al. 2019).

    Every stage sees the fixed image and the moving image warped by the stages before it, both averaged down to its
    resolution; the moving image itself is interpolated, once. `start_stage` trains one stage and freezes the others.

    Parameters
    ----------
    rank : {2, 3}
        Number of spatial axes.
    affine_resolution : {0, 1, 2, 4, 8}
        Pixels of the image per pixel of the affine stage, along an axis; 0: there is no affine stage.
    spline_resolutions : sequence of {1, 2, 4, 8}
        The same of every B-spline stage; none larger than the one before.
    spline_spacings : sequence of {2, 4, 8, 16, 32}
        Control-point spacing of every B-spline stage, in pixels of the stage.
    filters, hidden : int
        Filters of all convolutions; units of the affine stage's dense layers.
    downsampling : {"pool", "strided"}
        Average pooling, or convolutions of stride 2, which need less memory.
    border : {"replicate", "zero"}
        What lies beyond the outermost control points, see `geometry.cubic_spline_field`.
    combine : {"add", "compose"}
        How the field of a stage and that before it become one: their sum, or the image warped twice.
    zero_start : bool
        Whether every stage starts as the identity.
    kernel_initializer : {"glorot_uniform", "he_uniform"}
        What the layers before the last of every stage start with: as published, or as suits rectifiers. With the first
        the features begin small, and a short training may end before a stage has learned anything.
    spacing, normalization, dtype
        As of `RegistrationNetwork`.

    Attributes
    ----------
    stages : tuple of str
        "affine", "spline0", "spline1", ...; the attribute of that name is the stage.
    stage : str or None
        The one that is trained: those behind it are not called. None: all are called and trained together.
    size_multiples : tuple of int
        Every image side must be a multiple of this number (per axis): a common one of the largest product of a
        stage's resolution and spacing, and the spacing on which fields are scored.

    Raises
    ------
    ValueError
        As of `RegistrationNetwork`; on construction, if the stages do not fit each other.

    Notes
    -----
    Called on ``(fixed, moving)``, both ``(B, n_1, ..., n_r, 1)`` with intensities in [0, 1]. Returns the dictionary of
    a `RegistrationNetwork` of one level, whose ``"displacement_fields"`` hold the total field after every stage. Its
    entry ``"stage"`` holds what `dirv_tf.losses.UnsupervisedLoss` looks at: the images of the last stage that was
    called and, of a B-spline stage, its own field.

    References
    ----------
    de Vos et al., "A deep learning framework for unsupervised affine and deformable image registration", Medical Image
    Analysis 52, 2019.

    Examples
    --------
    >>> import tensorflow as tf
    >>> from dirv_tf.models import DLIR
    >>> network = DLIR(rank=2, affine_resolution=2, spline_resolutions=[1], spline_spacings=[8])
    >>> network.stages, network.count_params()
    (('affine', 'spline0'), 85800)
    >>> tuple(network((tf.zeros([1, 32, 32, 1]), tf.zeros([1, 32, 32, 1])))["flow_field"].shape)
    (1, 32, 32, 2)
    """

    kind = "dlir"
    free_arguments = ("kernel_initializer",)
    later_arguments: ClassVar[dict[str, Any]] = {"kernel_initializer": "glorot_uniform"}

    def __init__(
        self,
        rank: int = 2,
        affine_resolution: int = 2,
        spline_resolutions: Sequence[int] = (2, 1, 1),
        spline_spacings: Sequence[int] = (8, 8, 4),
        filters: int = 32,
        hidden: int = 64,
        downsampling: str = "pool",
        border: str = "replicate",
        combine: str = "add",
        zero_start: bool = True,
        kernel_initializer: str = "glorot_uniform",
        dtype: Any = None,
        **kwargs: Any,
    ):
        super().__init__(rank, dtype=dtype, **kwargs)
        self.affine_resolution = one_of(0, *RESOLUTIONS)("affine_resolution", affine_resolution)
        self.spline_resolutions = list_of(one_of(*RESOLUTIONS), longest=100)("spline_resolutions", spline_resolutions)
        self.spline_spacings = list_of(one_of(*SPACINGS), longest=100)("spline_spacings", spline_spacings)
        problem = misfit(self.affine_resolution, self.spline_resolutions, self.spline_spacings)
        if problem:
            raise ValueError(
                f"{problem}. Received: affine_resolution={affine_resolution}, "
                f"spline_resolutions={spline_resolutions!r}, spline_spacings={spline_spacings!r}"
            )
        self.filters = bounds.channel_count()("filters", filters)
        self.hidden = bounds.channel_count()("hidden", hidden)
        self.downsampling = one_of(*DOWNSAMPLINGS)("downsampling", downsampling)
        self.border = one_of(*BORDERS)("border", border)
        self.combine = one_of(*COMBINATIONS)("combine", combine)
        self.zero_start = boolean()("zero_start", zero_start)
        self.kernel_initializer = bounds.kernel_initializer()("kernel_initializer", kernel_initializer)
        self.stages = stage_names(self.affine_resolution, self.spline_resolutions)
        coarsest = size_multiple(self.spline_resolutions, self.spline_spacings)
        self.size_multiples = tuple(math.lcm(coarsest, step) for step in self.spacing_per_axis)
        self.warp = Warp(dtype=self.dtype_policy.name)
        common = (self.downsampling, self.zero_start, self.kernel_initializer, self.layer_policy)
        if self.affine_resolution:
            self.affine = AffineStage(rank, self.filters, self.hidden, *common, name="affine")
        for index, spacing in enumerate(self.spline_spacings):
            name = f"spline{index}"
            setattr(self, name, SplineStage(rank, self.filters, spacing, *common, name=name))
        # No variable depends on the image size, so the model is ready (to count, load or save weights) at once.
        for name in self.stages:
            getattr(self, name).build()
        self.warp.build((None, *(None,) * rank, None))
        self.built = True

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "affine_resolution": self.affine_resolution,
            "spline_resolutions": self.spline_resolutions,
            "spline_spacings": self.spline_spacings,
            "filters": self.filters,
            "hidden": self.hidden,
            "downsampling": self.downsampling,
            "border": self.border,
            "combine": self.combine,
            "zero_start": self.zero_start,
            "kernel_initializer": self.kernel_initializer,
        }

    @property
    def halo(self) -> tuple[int, ...] | None:
        """Of B-spline stages alone the reach of the one that looks furthest; an affine stage sees the whole image."""
        if self.affine_resolution:
            return None
        stages = zip(self.spline_spacings, self.spline_resolutions)
        furthest = max(reach(spacing, self.downsampling) * resolution for spacing, resolution in stages)
        return geometry.legal_size((furthest,) * self.rank, self.size_multiples)

    def start_stage(self, name: str) -> None:
        super().start_stage(name)
        for each in self.stages:
            getattr(self, each).trainable = each == name

    # ------------------------------------------------------------------ calls

    def call(self, inputs: tuple[tf.Tensor, tf.Tensor]) -> dict[str, Any]:
        fixed, moving = self.checked_pair(inputs)
        active = self.stages if self.stage is None else self.stages[: self.stages.index(self.stage) + 1]
        fields: list[AffineField | SplineField] = []
        totals: list[tf.Tensor] = []
        for name, resolution in zip(active, self._resolutions):
            images = tuple(_averaged(image, resolution) for image in (fixed, moving))
            size = _size(images[0])
            before = totals[-1] if totals and resolution == 1 else total(fields, resolution, size, self.combine)
            fields.append(self._field(name, resolution, images, before))
            own_field = fields[-1].at(resolution, size)
            after = combined(before, own_field, self.combine)
            if resolution == 1:
                totals.append(after)
            else:
                here = fields[-1].at(1, _size(fixed))
                totals.append(combined(totals[-1] if totals else None, here, self.combine))
            if name != active[-1] and self.stage is not None:
                # A frozen stage hands on its field, and takes no gradient.
                totals[-1] = tf.stop_gradient(totals[-1])
                fields[-1] = _frozen(fields[-1])
        registered = self.warp((moving, totals[-1]))
        stage = {"fixed": images[0], "registered": registered if resolution == 1 else self.warp((images[1], after))}
        sampled = [geometry.sample_control_points(field, self.spacing_per_axis) for field in totals]
        return {
            "flow_field": totals[-1],
            "displacement_fields": (tf.stack(sampled, axis=1),),
            "fixed_images": (fixed,),
            "moving_images": (moving,),
            "registered_images": (registered,),
            "stage": stage if active[-1] == "affine" else {**stage, "field": own_field},
        }

    @property
    def _resolutions(self):
        return (*([self.affine_resolution] if self.affine_resolution else []), *self.spline_resolutions)

    def _field(self, name, resolution, images, before):
        """Run one stage on the images at its resolution, with the field of the stages before it."""
        fixed, moving = images
        if name == "affine":
            return AffineField(*self.affine((fixed, moving)), resolution)
        # The stage learns from what it sees; it is not there to correct the stages before it.
        warped = moving if before is None else self.warp((moving, tf.stop_gradient(before)))
        spacing = self.spline_spacings[int(name[len("spline") :])]
        return SplineField(getattr(self, name)((fixed, warped)), spacing, self.border, resolution)


def _averaged(image, resolution):
    return image if resolution == 1 else geometry.average_pool(image, resolution)


def _size(image):
    known, found = image.shape[1:-1], tf.shape(image)[1:-1]
    return [found[axis] if side is None else side for axis, side in enumerate(known)]


def _frozen(field):
    if isinstance(field, AffineField):
        matrix, translation = map(tf.stop_gradient, field[:2])
        return field._replace(matrix=matrix, translation=translation)
    return field._replace(control_points=tf.stop_gradient(field.control_points))
