"""The settings of an `UncertaintyNetwork` in run files."""

from __future__ import annotations

import dataclasses
import math
from typing import Any, ClassVar

from dirv_tf.models.bounds import channel_count, pyramid_levels
from dirv_tf.models.network_settings import FIELD_LIKELIHOOD, SPACING, NetworkSettings
from dirv_tf.models.u_net_sizes import u_net_convolutions
from dirv_tf.validation import boolean, one_of, setting


@dataclasses.dataclass(frozen=True)
class UncertaintySettings(NetworkSettings):
    """The U-Net; names and meanings are those of the arguments of `UncertaintyNetwork`, its rank that of the images."""

    task: ClassVar[str] = "uncertainty"
    unsupervised_loss: ClassVar[dict[str, Any]] = FIELD_LIKELIHOOD

    kind: str = setting(one_of("uncertainty"), default="uncertainty")
    features: int = setting(channel_count(), default=16)
    halvings: int = setting(pyramid_levels(), default=3)
    warp_moving: bool = setting(boolean(), default=False)
    logarithms: bool = setting(boolean(), default=False)
    spacing: int | tuple[int, ...] = setting(SPACING, default=4)

    def size_multiples(self, rank: int) -> tuple[int, ...]:
        return tuple(math.lcm(2**self.halvings, step) for step in self.spacings(rank))

    def parameters(self, rank: int) -> int:
        return sum((3**rank * channels + 1) * filters for channels, filters, _ in self._convolutions(rank))

    def stages(self, rank: int) -> tuple[str, ...]:
        return ("all",)

    def description(self) -> str:
        seen = "the warped moving image" if self.warp_moving else "the moving image"
        more = ", logarithms" if self.logarithms else ""
        return f"U-Net for uncertainty with {self.features} features, {self.halvings} halvings, {seen}{more}"

    def work(self, rank: int, pixels: int) -> float:
        """Return the multiplications of all convolutions; one at half the size has a 2^r-th of the pixels."""
        weights = (channels * filters * 2.0 ** (-rank * level) for channels, filters, level in self._convolutions(rank))
        return pixels * 3**rank * sum(weights)

    def _convolutions(self, rank):
        channels = 2 + rank + (2 if self.logarithms else 0)
        return u_net_convolutions(channels, rank, self.features, self.halvings)
