"""What is done to the moving image of a pair whose deformation is known."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from scipy import ndimage

from dirv_tf.registration.maps.linear_map import LinearMap
from experiments.comparison.pair_sets import Pairs

BIAS, NOISE, BLUR, HOLE = 0.3, 0.1, 1.5, 30


class KnownPair(NamedTuple):
    """Two images (n_1, n_2), float32 in [0, 1], and the true flow field (n_1, n_2, 2), pixels."""

    fixed: np.ndarray
    moving: np.ndarray
    flow_field: np.ndarray


class Variant(NamedTuple):
    """A change: its name, and its function of a `KnownPair` and a random generator."""

    name: str
    change: Callable[[KnownPair, np.random.Generator], KnownPair]


def known_pairs(pairs: Pairs) -> list[KnownPair]:
    """Return the pairs of a set one by one."""
    return [KnownPair(one[..., 0], two[..., 0], field) for one, two, field in zip(*pairs)]


def _appearance(change):
    """A change of the moving image's intensities, which leaves the field as it is."""
    return lambda pair, rng: pair._replace(moving=np.clip(change(pair.moving, rng), 0, 1).astype(np.float32))


def _biased(image, rng):
    """Brighter on one side and darker on the other, in a random direction."""
    angle = rng.uniform(0, 2 * np.pi)
    rows, columns = np.meshgrid(*(np.linspace(-1, 1, side) for side in image.shape), indexing="ij")
    slope = np.cos(angle) * rows + np.sin(angle) * columns
    return image * (1 + BIAS * slope / np.abs(slope).max())


def _holed(image, rng):
    """Black where a square is missing, anywhere inside."""
    side = min(HOLE, *(length // 2 for length in image.shape))
    start = [rng.integers(0, length - side + 1) for length in image.shape]
    holed = image.copy()
    holed[tuple(slice(first, first + side) for first in start)] = 0
    return holed


def moved(pair: KnownPair, matrix: np.ndarray, shift: np.ndarray) -> KnownPair:
    """Turn the moving image about its middle, and shift it; the field follows.

    Parameters
    ----------
    pair : KnownPair
    matrix : ndarray, shape (2, 2)
        A rotation.
    shift : ndarray, shape (2,), pixels

    Returns
    -------
    KnownPair
        The moving image with its border repeated beyond.
    """
    middle = (np.array(pair.moving.shape) - 1) / 2
    translation = middle + shift - matrix @ middle
    inverse = np.linalg.inv(matrix)
    # Linear interpolation would blur, which is another change.
    moving = ndimage.affine_transform(pair.moving, inverse, -inverse @ translation, order=3, mode="nearest")
    field = LinearMap(matrix, translation).composed(pair.flow_field)
    return pair._replace(moving=np.clip(moving, 0, 1).astype(np.float32), flow_field=field)


def _turned(degrees):
    angle = np.radians(degrees)
    matrix = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    return lambda pair, rng: moved(pair, matrix, np.zeros(2))


def _shifted(pixels):
    def change(pair, rng):
        angle = rng.uniform(0, 2 * np.pi)
        return moved(pair, np.eye(2), pixels * np.array([np.cos(angle), np.sin(angle)]))

    return change


VARIANTS = (
    Variant("clean", lambda pair, rng: pair),
    Variant("moving x 0.6", _appearance(lambda image, rng: 0.6 * image)),
    Variant("gamma 2", _appearance(lambda image, rng: image**2)),
    Variant("gamma 0.5", _appearance(lambda image, rng: np.sqrt(image))),
    Variant("bias field ±30 %", _appearance(_biased)),
    Variant("inverted", _appearance(lambda image, rng: 1 - image)),
    Variant("noise 0.1", _appearance(lambda image, rng: image + rng.normal(0, NOISE, image.shape))),
    Variant("blur 1.5 px", _appearance(lambda image, rng: ndimage.gaussian_filter(image, BLUR))),
    Variant("hole 30 x 30", _appearance(_holed)),
    Variant("rotation 45°", _turned(45)),
    Variant("rotation 180°", _turned(180)),
    Variant("shift 10 px", _shifted(10)),
    Variant("shift 20 px", _shifted(20)),
)
