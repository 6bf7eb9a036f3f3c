"""The settings of an `RWCNet` in run files."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterator
from typing import Any, ClassVar

from dirv_tf.models.bounds import channel_count, kernel_side
from dirv_tf.models.network_settings import SPACING, NetworkSettings
from dirv_tf.models.rwcnet.level_rules import (
    BLOCKS,
    BRANCH,
    FLOW,
    LEVELS,
    MEASURES,
    MOTION,
    RADII,
    STEPS,
    WIDTH,
    misfit,
    per_level,
    size_multiple,
    stage_names,
)
from dirv_tf.validation import ConfigError, boolean, number, one_of, setting


@dataclasses.dataclass(frozen=True)
class RWCNetSettings(NetworkSettings):
    """The levels; the same names and meanings as the arguments of `RWCNet` (its rank is that of the images)."""

    # Weights of 10 and 0.1 in the thesis's code: the same up to a factor, which Adam does not see.
    unsupervised_loss: ClassVar[dict[str, Any]] = {
        "similarity": "mse",
        "regularizer": "total_variation",
        "weight": 0.01,
    }

    kind: str = setting(one_of("rwcnet"), default="rwcnet")
    resolutions: tuple[int, ...] = setting(LEVELS, default=(4, 2, 1))
    steps: int | tuple[int, ...] = setting(STEPS, default=(12, 12, 4))
    radii: int | tuple[int, ...] = setting(RADII, default=(3, 3, 2))
    features: int = setting(channel_count(), default=16)
    hidden: int = setting(channel_count(), default=64)
    blocks: tuple[int, ...] = setting(BLOCKS, default=(1, 2, 2, 4))
    flow_kernel: int = setting(kernel_side(), default=7)
    measure: str = setting(one_of(*MEASURES), default="dot")
    cost_gradient: bool = setting(boolean(), default=True)
    use_correlation: bool = setting(boolean(), default=True)
    patches: bool = setting(boolean(), default=True)
    dropout: float = setting(number(low=0, below=1), default=0.0)
    zero_start: bool = setting(boolean(), default=True)
    spacing: int | tuple[int, ...] = setting(SPACING, default=4)

    def check(self, rank: int) -> None:
        super().check(rank)
        problem = misfit(self.resolutions, self.steps, self.radii, self.features, self.use_correlation)
        if problem:
            raise ConfigError(
                f"'model': {problem}. Received: model.resolutions={list(self.resolutions)}, model.steps={self.steps}, "
                f"model.radii={self.radii}, model.features={self.features}, "
                f"model.use_correlation={self.use_correlation}"
            )

    def size_multiples(self, rank: int) -> tuple[int, ...]:
        coarsest = size_multiple(self.resolutions, self.blocks)
        return tuple(math.lcm(coarsest, step) for step in self.spacings(rank))

    def stages(self, rank: int) -> tuple[str, ...]:
        return stage_names(self.resolutions)

    def parameters(self, rank: int) -> int:
        """Return the number of trainable parameters: those of the convolutions, and two per normalized channel."""
        return sum(self.level_parameters(rank))

    def level_parameters(self, rank: int) -> tuple[int, ...]:
        """Return the number of trainable parameters of every level."""
        return tuple(
            sum(
                (kernel**rank * channels + bias) * filters
                for kernel, channels, filters, bias, _, _ in self._convolutions(rank, index)
            )
            + 2 * self._normalized_channels()
            for index in range(len(self.resolutions))
        )

    def description(self) -> str:
        counts = zip(self.resolutions, *self._per_level())
        parts = [
            f"{steps} steps{f' of radius {radius}' if self.use_correlation else ''} at 1/{resolution}"
            for resolution, steps, radius in counts
        ]
        return f"{self.features} features, {self.hidden} hidden channels, {', '.join(parts)}"

    def work(self, rank: int, pixels: int) -> float:
        """Return the multiplications of all convolutions and look-ups, each at the size of its result."""
        total = 0.0
        for index, (resolution, steps, radius) in enumerate(zip(self.resolutions, *self._per_level())):
            each = sum(
                kernel**rank * channels * filters * times / coarseness**rank
                for kernel, channels, filters, _, coarseness, times in self._convolutions(rank, index)
            )
            look_ups = steps * self.features * (2 * radius + 1) ** rank * self.use_correlation
            total += pixels * (each + look_ups) / resolution**rank
        return total

    def _per_level(self):
        return per_level(self.steps, self.resolutions), per_level(self.radii, self.resolutions)

    def _convolutions(self, rank: int, index: int) -> Iterator[tuple[int, int, int, int, int, int]]:
        """Yield side, channels, filters, bias (0 or 1), pixels of the level per pixel of the result, repetitions."""
        steps, radius = (values[index] for values in self._per_level())
        filters = self.features if self.use_correlation else self.features // 2
        # Both images go through the feature network, the moving one through that of the context.
        yield from self._feature_network(filters, 2)
        yield from self._feature_network(self.hidden, 1)
        yield self.flow_kernel, rank, FLOW, 1, 1, steps
        if self.use_correlation:
            yield 1, (2 * radius + 1) ** rank, BRANCH, 1, 1, steps
            yield 3, BRANCH, BRANCH, 1, 1, steps
            yield 3, FLOW, BRANCH, 1, 1, steps
            yield 3, 2 * BRANCH, MOTION - rank, 1, 1, steps
        else:
            yield 3, FLOW, MOTION - rank, 1, 1, steps
        for _ in range(3):
            yield 3, self.hidden + MOTION + self.features, self.hidden, 1, 1, steps
        yield 3, self.hidden, 2 * self.hidden, 1, 1, steps
        yield 3, 2 * self.hidden, rank, 1, 1, steps

    def _feature_network(self, filters, times):
        yield 3, 1, WIDTH, 0, 1, times
        for level, count in enumerate(self.blocks):
            width, coarseness = WIDTH * 2**level, 2**level
            if level:
                yield 3, width // 2, width, 0, coarseness, times
                yield 1, width, width // 2, 0, coarseness, times
            # On the way back one block at every size but the coarsest.
            for _ in range(2 * (count + (level < len(self.blocks) - 1))):
                yield 3, width, width, 0, coarseness, times
        yield 1, WIDTH, filters, 1, 1, times

    def _normalized_channels(self):
        """Return the channels of all normalizations of a level's two feature networks."""
        blocks = [count + (level < len(self.blocks) - 1) for level, count in enumerate(self.blocks)]
        return 2 * (WIDTH + sum(2 * count * WIDTH * 2**level for level, count in enumerate(blocks)))
