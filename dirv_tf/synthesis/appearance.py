"""Images as another stain, scanner or sequence would show them: the same structures in other intensities."""

from __future__ import annotations

import math

import tensorflow as tf

from dirv_tf.appearance_range import AppearanceRange
from dirv_tf.synthesis import random_keys

# Many images meet several changes and some meet none.
_USUAL = AppearanceRange()
# Standard deviations that a Gaussian is summed over, to either side.
_DEVIATIONS = 3


def change_appearance(
    images: tf.Tensor,
    seed: int,
    indices: tf.Tensor,
    epoch: int | tf.Tensor = 0,
    strength: float = 1.0,
    inversion: bool = True,
    appearance: AppearanceRange | None = None,
) -> tf.Tensor:
    """Change the intensities of images at random, and leave every structure where it is.

    Each of six changes meets an image with a chance of its own, usually one half, in this order: the intensities are
    inverted; raised to a power, usually of 1/2 to 2; multiplied by a smooth field, of at most 1 ± 0.3; blurred by a
    Gaussian, of at most 1.5 pixels; squeezed to 60 to 100 % of their range; and given white noise of a standard
    deviation of at most 0.1, cut off at two of them. These are the limits of the strength 1.

    Parameters
    ----------
    images : tf.Tensor, shape (B, n_1, ..., n_r, 1), float32
        Intensities in [0, 1]; all axes but the first of known size.
    seed : int
        From 0 to 2^64 - 1.
    indices : tf.Tensor, shape (B,), integer
        Numbers of the images.
    epoch : int or tf.Tensor, shape (), integer
        Number of the epoch.
    strength : float
        From 0, no change but inversion, to 1; the limits of all other changes go with it.
    inversion : bool
        Whether intensities may be inverted.
    appearance : AppearanceRange, optional
        Other limits and chances. Default: those named above.

    Returns
    -------
    tf.Tensor, like `images`
        Intensities in [0, 1]. Each image's are a function of its pixels, the seed, the epoch and its number alone.

    Examples
    --------
    >>> images = tf.random.stateless_uniform((2, 32, 32, 1), (0, 1))
    >>> change_appearance(images, seed=42, indices=[0, 1]).shape
    TensorShape([2, 32, 32, 1])
    """
    size, limits = tuple(images.shape[1:-1]), appearance or _USUAL
    keys = random_keys.fold(random_keys.stream_key(seed, random_keys.APPEARANCE, epoch), indices)
    draws = _Draws(random_keys.uniform(keys, 13 + 2 * len(size)), len(size))
    # Drawn in any case: the numbers of the other changes do not depend on it.
    inverted = draws.meets(limits.inversion_chance)
    images = tf.where(inverted, 1 - images, images) if inversion else images
    gamma = limits.gamma**strength
    images = tf.pow(tf.maximum(images, 1e-6), draws.amount(limits.gamma_chance, gamma**-1, gamma, none=1.0, ratio=True))
    bias = draws.amount(limits.bias_chance, 0.0, strength * limits.bias)
    images = images * (1 + bias * _wave(size, draws.places(), draws.places()))
    images = _blurred(images, draws.amount(limits.blur_chance, 0.0, strength * limits.blur), limits.blur)
    contrast = draws.amount(limits.contrast_chance, 1 - strength * (1 - limits.contrast), 1.0, none=1.0)
    images = contrast * images + (1 - contrast) * draws.uniform()
    noise = tf.reshape(random_keys.truncated_normal(random_keys.fold(keys, 0), math.prod(size)), [-1, *size, 1])
    deviation = draws.amount(limits.noise_chance, 0.0, strength * limits.noise)
    return tf.clip_by_value(images + deviation * noise, 0.0, 1.0)


class _Draws:
    """Numbers of [0, 1) per image, taken one after the other, in the shape that images are multiplied by."""

    def __init__(self, numbers, rank):
        self._numbers, self._rank, self._taken = numbers, rank, 0

    def uniform(self):
        self._taken += 1
        return tf.reshape(self._numbers[:, self._taken - 1], [-1] + [1] * (self._rank + 1))

    def meets(self, chance):
        return self.uniform() < chance

    def amount(self, chance, low, high, none=0.0, ratio=False):
        """Draw how strong a change is: between two limits, or `none` where it does not meet the image."""
        meets, uniform = self.meets(chance), self.uniform()
        strength = low * (high / low) ** uniform if ratio else random_keys.between(uniform, low, high)
        return tf.where(meets, strength, none)

    def places(self):
        return [self.uniform() for _ in range(self._rank)]


def _wave(size, directions, phases):
    """Return a smooth field of [-1, 1]: a product of at most half a wave along each axis."""
    field = tf.ones([1] * (len(size) + 2))
    for axis, (side, direction, phase) in enumerate(zip(size, directions, phases)):
        shape = [1] * (len(size) + 2)
        shape[axis + 1] = side
        place = tf.reshape(tf.linspace(-0.5, 0.5, side), shape)
        field = field * tf.sin(math.pi * (direction * place + 2 * phase))
    return field


def _blurred(images, deviations, largest):
    """Convolve each image with the Gaussian of its own standard deviation in pixels, continued by its border."""
    rank, reach = len(images.shape) - 2, math.ceil(_DEVIATIONS * largest)
    if not reach:
        return images
    # The least deviation leaves an image as it is, to the last bit.
    squares = 2 * tf.square(tf.maximum(deviations, 1e-3))
    weights = [tf.exp(-(offset**2) / squares) for offset in range(reach + 1)]
    total = weights[0] + 2 * tf.add_n(weights[1:])
    for axis in range(1, rank + 1):
        side = images.shape[axis]
        places = range(side)
        found = weights[0] * images
        for offset in range(1, reach + 1):
            for step in (-offset, offset):
                inside = [min(max(place + step, 0), side - 1) for place in places]
                found = found + weights[offset] * tf.gather(images, inside, axis=axis)
        images = found / total
    return images
