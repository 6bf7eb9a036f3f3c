"""The settings of a `DIRVNet` in run files."""

from __future__ import annotations

import dataclasses
from typing import ClassVar

from dirv_tf.models.bounds import channel_count, kernel_side, pyramid_levels, repetitions
from dirv_tf.models.network_settings import SPACING, NetworkSettings
from dirv_tf.validation import (
    ConfigError,
    boolean,
    either,
    increasing_pair,
    integer,
    list_of,
    number,
    one_of,
    per_term,
    setting,
)


@dataclasses.dataclass(frozen=True)
class DIRVNetSettings(NetworkSettings):
    """The network; the same names and meanings as the arguments of `DIRVNet` (its rank is that of the images)."""

    training_arguments: ClassVar[tuple[str, ...]] = ("checkpoint_units", "separate_levels")

    levels: int = setting(pyramid_levels())
    units: int | tuple[int, ...] = setting(either(repetitions(), list_of(repetitions(), longest=16)))
    experts: int | tuple[int, int] = setting(per_term(channel_count()))
    kind: str = setting(one_of("dirv_net"), default="dirv_net")
    kernel_sizes: int | tuple[int, int] = setting(per_term(kernel_side()), default=(7, 5))
    knots: int = setting(integer(2, 4096), default=24)
    knot_range: tuple[float, float] = setting(increasing_pair(number()), default=(-1.0, 1.0))
    spacing: int | tuple[int, ...] = setting(SPACING, default=4)
    centered: bool = setting(boolean(), default=True)
    step_size_scale: float = setting(number(above=0), default=10.0)
    field_upsampling: str = setting(one_of("nearest", "linear"), default="nearest")
    squarings: int = setting(repetitions(0), default=0)

    def check(self, rank: int) -> None:
        super().check(rank)
        if isinstance(self.units, tuple) and len(self.units) != self.levels:
            raise ConfigError(
                f"'model.units' must be one number or one number per level, coarse to fine. "
                f"Received: model.units={list(self.units)}, model.levels={self.levels}"
            )

    def size_multiples(self, rank: int) -> tuple[int, ...]:
        return tuple(step * 2 ** (self.levels - 1) for step in self.spacings(rank))

    def parameters(self, rank: int) -> int:
        """Return the number of trainable parameters: per unit ``n_e 7^r + r n_e 5^r + n_q (n_e + r n_e) + 1``."""
        data_experts, field_experts = self._experts
        sizes = self.kernel_sizes
        data_size, field_size = sizes if isinstance(sizes, tuple) else (sizes,) * 2
        kernels = data_experts * data_size**rank + rank * field_experts * field_size**rank
        potentials = self.knots * (data_experts + rank * field_experts)
        return sum(self._units) * (kernels + potentials + 1)

    def stages(self, rank: int) -> tuple[str, ...]:
        return ("all",)

    def description(self) -> str:
        units = "+".join(map(str, self.units)) if isinstance(self.units, tuple) else self.units
        return f"{self.levels} level{'s' * (self.levels > 1)} of {units} units, {self.experts} experts"

    def work(self, rank: int, pixels: int) -> float:
        """Return pixels times experts of all units; a level has a 2^r-th of the pixels of the next finer one."""
        levels = enumerate(reversed(self._units))
        return sum(units * pixels * 2.0 ** (-rank * coarser) for coarser, units in levels) * sum(self._experts)

    @property
    def _experts(self):
        return self.experts if isinstance(self.experts, tuple) else (self.experts,) * 2

    @property
    def _units(self):
        return self.units if isinstance(self.units, tuple) else (self.units,) * self.levels
