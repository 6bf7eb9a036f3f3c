"""The settings of a `CounterpartNetwork` in run files."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterator
from typing import Any, ClassVar

from dirv_tf.models.bounds import channel_count, pyramid_levels
from dirv_tf.models.network_settings import NetworkSettings
from dirv_tf.models.registry import SettingsByKind, settings_class
from dirv_tf.models.u_net_sizes import u_net_convolutions
from dirv_tf.validation import boolean, integer, one_of, setting

# Of the network that registers, where that has no stages of its own; of the mask.
BASE_STAGE, MASK_STAGE = "base", "mask"
# Channels of the head beside the components of the field: both images, and how much they differ.
IMAGES = 3


class BaseKinds(SettingsByKind):
    """The settings classes of all networks that find fields, but for the one that holds another."""

    def __iter__(self) -> Iterator[str]:
        return (kind for kind in super().__iter__() if _registers(kind))

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __contains__(self, kind: Any) -> bool:
        return kind in tuple(self)

    def __getitem__(self, kind: str) -> type[NetworkSettings]:
        if kind not in self:
            raise KeyError(kind)
        return super().__getitem__(kind)


def _registers(kind):
    return kind != "counterpart" and settings_class(kind).task == "registration"


@dataclasses.dataclass(frozen=True)
class CounterpartSettings(NetworkSettings):
    """A network of any other kind, `base`, and a head that predicts where the fixed image has no counterpart.

    `base` is a section like `model` itself. The stages of `training.stages` are those of the base (base, where it has
    one alone) and mask. In the stage mask the head is trained, and with `joint` the base with it. `fills`: how often
    the pair is registered again with those regions filled, see `dirv_tf.models.CounterpartNetwork`; `features` and
    `halvings` are those of the head.
    """

    networks: ClassVar[tuple[str, ...]] = ("base",)
    has_mask: ClassVar[bool] = True

    # The field `kind` without default, which comes before, is there for type checkers alone.
    base: NetworkSettings = dataclasses.field(metadata={"kinds": BaseKinds()})  # type: ignore[misc]
    kind: str = setting(one_of("counterpart"), default="counterpart")
    features: int = setting(channel_count(), default=8)
    halvings: int = setting(pyramid_levels(), default=3)
    fills: int = setting(integer(0, 100), default=1)
    joint: bool = setting(boolean(), default=True)

    def __post_init__(self):
        # Those of the base, in place of those of the class.
        for name in ("unsupervised_loss", "stages_of_steps"):
            object.__setattr__(self, name, getattr(self.base, name))

    def check(self, rank: int) -> None:
        self.base.check(rank)
        super().check(rank)

    def spacings(self, rank: int) -> tuple[int, ...]:
        return self.base.spacings(rank)

    def size_multiples(self, rank: int) -> tuple[int, ...]:
        return tuple(math.lcm(2**self.halvings, multiple) for multiple in self.base.size_multiples(rank))

    def parameters(self, rank: int) -> int:
        head = u_net_convolutions(IMAGES + rank, 1, self.features, self.halvings)
        own = sum((3**rank * channels + 1) * filters for channels, filters, _ in head)
        return self.base.parameters(rank) + own

    def stages(self, rank: int) -> tuple[str, ...]:
        return counterpart_stages(self.base.stages(rank))

    def own_loss(self, arguments: dict[str, Any], updates: int) -> Any:
        return self.base.own_loss(arguments, updates)

    def description(self) -> str:
        return (
            f"{self.base.description()}, and a mask of what has no counterpart: U-Net with {self.features} features, "
            f"{self.halvings} halvings"
        )

    def work(self, rank: int, pixels: int) -> float:
        """Return the multiplications of the base and of the head, without filling."""
        head = u_net_convolutions(IMAGES + rank, 1, self.features, self.halvings)
        weights = (channels * filters * 2.0 ** (-rank * level) for channels, filters, level in head)
        return self.base.work(rank, pixels) + pixels * 3**rank * sum(weights)


def counterpart_stages(of_base: tuple[str, ...]) -> tuple[str, ...]:
    """Return the stages of a `CounterpartNetwork`, from those of its base."""
    return (*(of_base if len(of_base) > 1 else (BASE_STAGE,)), MASK_STAGE)
