"""The settings of how far and how often the intensities of one image of each pair are changed."""

from __future__ import annotations

import dataclasses

from dirv_tf.appearance_range import AppearanceRange
from dirv_tf.validation import ConfigError


@dataclasses.dataclass(frozen=True)
class AppearanceSettings(AppearanceRange):
    """What `change_appearance` does to an image of each pair, in this order; see `dirv_tf.synthesis.AppearanceRange`.

    Each change meets an image with its own chance, and is drawn up to its limit: the largest power `gamma` (the least
    is its reciprocal), the largest relative change of brightness by a smooth field, the largest standard deviation of
    a Gaussian blur in pixels, the least share of the range that intensities are squeezed to, and the largest standard
    deviation of white noise.
    """


def check_appearance(data) -> None:
    """Raise an error where limits are set for a change that is not asked for.

    Parameters
    ----------
    data : settings with `appearance` and `change_appearance`

    Raises
    ------
    ConfigError
    """
    if data.appearance is not None and not data.change_appearance:
        raise ConfigError(
            "'data.appearance' needs 'data.change_appearance: true'. "
            f"Received: data.change_appearance=false with the section data.appearance in {data.kind}"
        )
