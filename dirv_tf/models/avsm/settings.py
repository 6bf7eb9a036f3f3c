"""The settings of an `AVSM` in run files."""

from __future__ import annotations

import dataclasses
import math
from typing import Any, ClassVar

from dirv_tf.models import bounds
from dirv_tf.models.avsm.network_rules import (
    AFFINE_COARSEST,
    AFFINE_LAYERS,
    BOUNDARIES,
    COARSEST,
    DEVIATIONS,
    FIRST_FILTERS,
    GAUSSIAN_WEIGHTS,
    HIDDEN,
    INTEGRATORS,
    MOMENTUM_BLOCKS,
    MOMENTUM_COARSENESS,
    ORDERS,
    STAGES,
    misfit,
    momentum_channels,
    scaled,
)
from dirv_tf.models.network_settings import SPACING, NetworkSettings
from dirv_tf.validation import ConfigError, boolean, integer, list_of, number, one_of, optional, setting

_KERNEL = 3


@dataclasses.dataclass(frozen=True)
class AVSMSettings(NetworkSettings):
    """The two networks; the same names and meanings as the arguments of `AVSM` (its rank is that of the images)."""

    unsupervised_loss: ClassVar[dict[str, Any]] = {"similarity": "mk_lncc", "weight": 10.0, "symmetry": 1.0}
    stages_of_steps: ClassVar[tuple[str, ...]] = STAGES

    kind: str = setting(one_of("avsm"), default="avsm")
    affine_size: int = setting(integer(1, 1024), default=64)
    affine_steps: int = setting(bounds.repetitions(), default=7)
    affine_order: str = setting(one_of(*ORDERS), default="left")
    width: float = setting(number(above=0, high=16), default=1.0)
    momentum_steps: int = setting(bounds.repetitions(), default=3)
    integrator: str = setting(one_of(*INTEGRATORS), default="squaring")
    integration_steps: int = setting(bounds.repetitions(), default=7)
    deviations: tuple[float, ...] = setting(list_of(number(above=0), longest=100), default=DEVIATIONS)
    gaussian_weights: tuple[float, ...] = setting(list_of(number(low=0), longest=100), default=GAUSSIAN_WEIGHTS)
    boundary: str = setting(one_of(*BOUNDARIES), default="periodic")
    zero_start: bool = setting(boolean(), default=True)
    kernel_initializer: str = setting(bounds.kernel_initializer(), default="glorot_uniform")
    native_side: int | None = setting(optional(integer(COARSEST, 2**16)), default=None)
    spacing: int | tuple[int, ...] = setting(SPACING, default=4)

    def check(self, rank: int) -> None:
        super().check(rank)
        problem = misfit(self.affine_size, self.deviations, self.gaussian_weights, self.native_side)
        if problem:
            raise ConfigError(
                f"'model': {problem}. Received: model.affine_size={self.affine_size}, "
                f"model.deviations={list(self.deviations)}, model.gaussian_weights={list(self.gaussian_weights)}, "
                f"model.native_side={self.native_side}"
            )

    def size_multiples(self, rank: int) -> tuple[int, ...]:
        return tuple(math.lcm(COARSEST, step) for step in self.spacings(rank))

    def stages(self, rank: int) -> tuple[str, ...]:
        return STAGES

    def own_loss(self, arguments: dict[str, Any], updates: int) -> Any:
        from dirv_tf.models.avsm.loss import AVSMLoss

        return AVSMLoss(**arguments, updates=updates)

    def parameters(self, rank: int) -> int:
        """Return the number of trainable parameters: ``(k^r c_in + 1) c_out`` per convolution, and the dense layers."""
        cells = (-(-self.affine_size // AFFINE_COARSEST)) ** rank
        last_filters = AFFINE_LAYERS[-1][0]
        dense = (cells * last_filters + 1) * HIDDEN + (HIDDEN + 1) * rank * (rank + 1)
        convolutions = (*self._affine(rank), *self._momentum(rank))
        return dense + sum((taps * channels + 1) * filters for taps, channels, filters, _ in convolutions)

    def description(self) -> str:
        return (
            f"affine network at {self.affine_size} pixels per side, {self.affine_steps} steps, and momentum network of "
            f"width {self.width:g}, {self.momentum_steps} steps"
        )

    def work(self, rank: int, pixels: int) -> float:
        """Return the multiplications of the momentum network, all steps; the affine one does not see more pixels."""
        once = sum(
            taps * channels * filters * pixels / coarseness**rank
            for taps, channels, filters, coarseness in self._momentum(rank)
        )
        return self.momentum_steps * once

    def _affine(self, rank):
        """Yield taps, channels, filters and coarseness of every convolution of the affine network."""
        yield _KERNEL**rank, 1, FIRST_FILTERS, 1
        channels, coarseness = 2 * FIRST_FILTERS, 1
        for entry in AFFINE_LAYERS:
            filters, stride = entry or (channels, 2)
            coarseness *= stride
            if entry:
                yield _KERNEL**rank, channels, filters, coarseness
            channels = filters

    def _momentum(self, rank):
        """Yield the same of the momentum network; of a transposed convolution the coarseness is that of its output."""
        for name, block in MOMENTUM_BLOCKS.items():
            # Every pixel of a transposed convolution's output gets one tap.
            taps = block.kernel**rank
            coarseness = 2 * block.coarseness if block.transposed else block.coarseness
            yield taps, momentum_channels(name, self.width), scaled(block.filters, self.width), coarseness
            filters = scaled(block.filters, self.width)
        yield _KERNEL**rank, filters, rank, MOMENTUM_COARSENESS
