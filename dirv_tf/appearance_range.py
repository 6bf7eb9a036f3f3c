"""How far and how often the intensities of an image are changed: here, since run files are read without TensorFlow."""

from __future__ import annotations

import dataclasses

from dirv_tf.validation import number, setting

_CHANCE = number(low=0, high=1)


@dataclasses.dataclass(frozen=True)
class AppearanceRange:
    """The limits of `change_appearance`, and the chance of each change, from 0 to 1.

    Parameters
    ----------
    inversion_chance : float
        Of 1 minus the intensity.
    gamma, gamma_chance : float
        Largest power, from 1 to 10; the least is its reciprocal.
    bias, bias_chance : float
        Largest relative change of the brightness by a smooth field, less than 1.
    blur, blur_chance : float
        Largest standard deviation of a Gaussian, pixels, at most 8.
    contrast, contrast_chance : float
        Least share of the range that intensities are squeezed to, above 0 and at most 1.
    noise, noise_chance : float
        Largest standard deviation of white noise, at most 1.

    Raises
    ------
    ValueError
        If a number is out of its range.

    Examples
    --------
    >>> from dirv_tf.synthesis import AppearanceRange
    >>> AppearanceRange(inversion_chance=0, noise=0.2).noise
    0.2
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

    def __post_init__(self):
        for field in dataclasses.fields(self):
            field.metadata["check"](field.name, getattr(self, field.name))
