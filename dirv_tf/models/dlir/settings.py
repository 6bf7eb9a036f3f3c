"""The settings of a `DLIR` in run files."""

from __future__ import annotations

import dataclasses
import math
from typing import Any, ClassVar

from dirv_tf.models import bounds
from dirv_tf.models.dlir.stage_rules import (
    AFFINE_CONVOLUTIONS,
    AFFINE_HALVINGS,
    COMBINATIONS,
    DOWNSAMPLINGS,
    RESOLUTIONS,
    SPACINGS,
    STRIDED_KERNEL,
    halvings,
    misfit,
    size_multiple,
    stage_names,
)
from dirv_tf.models.network_settings import SPACING, NetworkSettings
from dirv_tf.validation import ConfigError, boolean, list_of, one_of, setting


@dataclasses.dataclass(frozen=True)
class DLIRSettings(NetworkSettings):
    """The stages; the same names and meanings as the arguments of `DLIR` (its rank is that of the images)."""

    unsupervised_loss: ClassVar[dict[str, Any]] = {"similarity": "ncc", "regularizer": "bending", "weight": 0.05}

    kind: str = setting(one_of("dlir"), default="dlir")
    affine_resolution: int = setting(one_of(0, *RESOLUTIONS), default=2)
    spline_resolutions: tuple[int, ...] = setting(list_of(one_of(*RESOLUTIONS), longest=100), default=(2, 1, 1))
    spline_spacings: tuple[int, ...] = setting(list_of(one_of(*SPACINGS), longest=100), default=(8, 8, 4))
    filters: int = setting(bounds.channel_count(), default=32)
    hidden: int = setting(bounds.channel_count(), default=64)
    downsampling: str = setting(one_of(*DOWNSAMPLINGS), default="pool")
    border: str = setting(one_of("zero", "replicate"), default="replicate")
    combine: str = setting(one_of(*COMBINATIONS), default="add")
    zero_start: bool = setting(boolean(), default=True)
    kernel_initializer: str = setting(bounds.kernel_initializer(), default="glorot_uniform")
    spacing: int | tuple[int, ...] = setting(SPACING, default=4)

    def check(self, rank: int) -> None:
        super().check(rank)
        problem = misfit(self.affine_resolution, self.spline_resolutions, self.spline_spacings)
        if problem:
            raise ConfigError(
                f"'model': {problem}. Received: model.affine_resolution={self.affine_resolution}, "
                f"model.spline_resolutions={list(self.spline_resolutions)}, "
                f"model.spline_spacings={list(self.spline_spacings)}"
            )

    def size_multiples(self, rank: int) -> tuple[int, ...]:
        coarsest = size_multiple(self.spline_resolutions, self.spline_spacings)
        return tuple(math.lcm(coarsest, step) for step in self.spacings(rank))

    def stages(self, rank: int) -> tuple[str, ...]:
        return stage_names(self.affine_resolution, self.spline_resolutions)

    def parameters(self, rank: int) -> int:
        """Return the number of trainable parameters: ``(k^r c_in + 1) c_out`` per convolution, and the dense layers."""
        inputs, hidden = 2 * self.filters, self.hidden
        dense = (inputs + 1) * hidden + (hidden + 1) * hidden + (hidden + 1) * rank * (rank + 1)
        convolutions = sum((taps * channels + 1) * filters for taps, channels, filters, _ in self._convolutions(rank))
        return convolutions + dense * bool(self.affine_resolution)

    def description(self) -> str:
        splines = zip(self.spline_spacings, self.spline_resolutions)
        parts = [f"B-splines every {s} pixels{_at(resolution)}" for s, resolution in splines]
        return ", ".join([f"affine map{_at(self.affine_resolution)}"] * bool(self.affine_resolution) + parts)

    def work(self, rank: int, pixels: int) -> float:
        """Return the multiplications of all convolutions, each at the size of its features."""
        return sum(
            taps * channels * filters * pixels / coarseness**rank
            for taps, channels, filters, coarseness in self._convolutions(rank)
        )

    def _convolutions(self, rank):
        """Yield taps, channels, filters, and the image's pixels per pixel of the result, of every convolution."""
        if self.affine_resolution:
            kernels = (3,) * AFFINE_CONVOLUTIONS
            yield from self._chain(rank, 1, kernels, AFFINE_HALVINGS, self.affine_resolution)
        for spacing, resolution in zip(self.spline_spacings, self.spline_resolutions):
            count = halvings(spacing)
            yield from self._chain(rank, 2, (*(3,) * (count + 2), 1, 1), count, resolution)
            yield 1, self.filters, rank, resolution * spacing

    def _chain(self, rank, channels, kernels, count, resolution):
        for number, kernel in enumerate(kernels):
            yield kernel**rank, channels, self.filters, resolution * 2 ** min(number, count)
            channels = self.filters
            if number < count and self.downsampling == "strided":
                yield STRIDED_KERNEL**rank, channels, channels, resolution * 2 ** (number + 1)


def _at(resolution):
    return f" at 1/{resolution}" if resolution > 1 else ""
