"""The settings of how far and how often the intensities of one image of each pair are changed."""

from __future__ import annotations

import dataclasses

from dirv_tf.validation import ConfigError, number, setting

# The limits of `synthesis.AppearanceRange`, which settings could not import without TensorFlow; a test compares both.
_CHANCE = number(low=0, high=1)


@dataclasses.dataclass(frozen=True)
class AppearanceSettings:
    """What `change_appearance` does to an image of each pair, in this order; see `dirv_tf.synthesis.AppearanceRange`.

    Each change meets an image with its own chance, and is drawn up to its limit: the largest power `gamma` (the least
    is its reciprocal), the largest relative change of brightness by a smooth field, the largest standard deviation of
    a Gaussian blur in pixels, the least share of the range that intensities are squeezed to, and the largest standard
    deviation of white noise.
    """

    inversion_chance: float = setting(_CHANCE, default=0.5)
    gamma: float = setting(number(low=1, high=10), default=2.0)
    gamma_chance: float = setting(_CHANCE, default=0.5)
    bias: float = setting(number(low=0, below=1), default=0.3)
    bias_chance: float = setting(_CHANCE, default=0.5)
    blur: float = setting(number(low=0, high=8), default=1.5)
    blur_chance: float = setting(_CHANCE, default=0.5)
    contrast: float = setting(number(above=0, high=1), default=0.6)
    contrast_chance: float = setting(_CHANCE, default=0.5)
    noise: float = setting(number(low=0, high=1), default=0.1)
    noise_chance: float = setting(_CHANCE, default=0.5)


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
