"""The settings of a `VoxelMorph` in run files."""

from __future__ import annotations

import dataclasses
import math
from typing import Any, ClassVar

from dirv_tf.models.bounds import channel_count, repetitions
from dirv_tf.models.network_settings import SPACING, NetworkSettings
from dirv_tf.models.voxelmorph.decoder_length import fitting_lengths
from dirv_tf.models.voxelmorph.features import FEATURES, SELF_SIMILARITY, feature_count
from dirv_tf.validation import ConfigError, list_of, one_of, setting

_WIDTHS = list_of(channel_count(), longest=16)
_KERNEL = 3


@dataclasses.dataclass(frozen=True)
class VoxelMorphSettings(NetworkSettings):
    """The U-Net; the same names and meanings as the arguments of `VoxelMorph` (its rank is that of the images)."""

    unsupervised_loss: ClassVar[dict[str, Any]] = {"similarity": "mse", "regularizer": "diffusion", "weight": 0.01}

    kind: str = setting(one_of("voxelmorph"), default="voxelmorph")
    encoder: tuple[int, ...] = setting(_WIDTHS, default=(16, 32, 32, 32))
    decoder: tuple[int, ...] = setting(_WIDTHS, default=(32, 32, 32, 32))
    last: tuple[int, ...] = setting(_WIDTHS, default=(32, 16, 16))
    squarings: int = setting(repetitions(0), default=0)
    field_scale: int = setting(one_of(1, 2), default=1)
    passes: int = setting(repetitions(1), default=1)
    features: str = setting(one_of(*FEATURES), default="intensities")
    spacing: int | tuple[int, ...] = setting(SPACING, default=4)

    def check(self, rank: int) -> None:
        super().check(rank)
        if not fitting_lengths(self.encoder, self.decoder, self.field_scale):
            raise ConfigError(
                f"'model.encoder' and 'model.decoder' must hold equally many numbers, or 'model.decoder' one less with "
                f"a 'model.field_scale' of 2. Received: model.encoder={list(self.encoder)}, "
                f"model.decoder={list(self.decoder)}, model.field_scale={self.field_scale}"
            )

    def size_multiples(self, rank: int) -> tuple[int, ...]:
        return tuple(math.lcm(2 ** len(self.encoder), step) for step in self.spacings(rank))

    def parameters(self, rank: int) -> int:
        """Return the number of trainable parameters: ``(3^r c_in + 1) c_out`` per convolution."""
        return sum((_KERNEL**rank * channels + 1) * filters for channels, filters, _ in self._convolutions(rank))

    def stages(self, rank: int) -> tuple[str, ...]:
        return ("all",)

    def description(self) -> str:
        widths = "/".join("-".join(map(str, part)) for part in (self.encoder, self.decoder, self.last))
        integrated = f", integrated with {self.squarings} squarings" if self.squarings else ""
        repeated = f", {self.passes} passes" if self.passes > 1 else ""
        compared = " on self-similarity" if self.features == SELF_SIMILARITY else ""
        return f"U-Net of {widths} filters{compared}{integrated}{repeated}"

    def work(self, rank: int, pixels: int) -> float:
        """Return the multiplications of all convolutions and passes; half the size has a 2^r-th of the pixels."""
        weights = (channels * filters * 2.0 ** (-rank * level) for channels, filters, level in self._convolutions(rank))
        return self.passes * pixels * _KERNEL**rank * sum(weights)

    def _convolutions(self, rank):
        """Yield channels, filters and how often the size was halved of every convolution."""
        channels = 2 * feature_count(self.features, rank)
        for level, filters in enumerate(self.encoder):
            yield channels, filters, level
            channels = filters
        for up, filters in enumerate(self.decoder):
            yield channels, filters, len(self.encoder) - up
            channels = filters + self.encoder[-1 - up]
        for filters in (*self.last, rank):
            yield channels, filters, len(self.encoder) - len(self.decoder)
            channels = filters
