"""A convolutional network on a large image, piece by piece."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence

import numpy as np
import tensorflow as tf

from dirv_tf import geometry

# Pixels that are looked at together.
_LARGEST_PIECE = 1_000_000


def in_pieces(
    run: Callable[..., tf.Tensor],
    inputs: Sequence[tf.Tensor],
    channels: int,
    halo: Sequence[int] | None,
    size_multiples: Sequence[int],
) -> np.ndarray:
    """Compute something of every pixel; a piece sees as far beyond its own part as the network looks.

    Parameters
    ----------
    run : callable
        From such inputs, whose sides are multiples, to a tensor (1, n_1, ..., n_r, channels).
    inputs : sequence of tf.Tensor, each of shape (1, n_1, ..., n_r, C)
        Of any size.
    channels : int
    halo : sequence of int or None
        Pixels per axis; None: the network must see the whole image.
    size_multiples : sequence of int

    Returns
    -------
    ndarray of float32, shape (n_1, ..., n_r, channels)
    """
    size, rank = tuple(inputs[0].shape[1:-1]), inputs[0].shape.rank - 2
    padded = [_repeated_to(each, geometry.legal_size(size, size_multiples)) for each in inputs]
    sides = padded[0].shape[1:-1]
    halos = geometry.legal_size(tuple(halo or sides), tuple(size_multiples))
    is_small = halo is None or np.prod(size) <= _LARGEST_PIECE
    least = round(_LARGEST_PIECE ** (1 / rank))
    wanted = [side if is_small else max(least, 2 * reach) for side, reach in zip(sides, halos)]
    own = geometry.legal_size(wanted, size_multiples)
    found = np.empty((*sides, channels), np.float32)
    for starts in itertools.product(*(range(0, side, step) for side, step in zip(sides, own))):
        ends = [min(start + step, side) for start, step, side in zip(starts, own, sides)]
        low = [max(start - reach, 0) for start, reach in zip(starts, halos)]
        high = [min(end + reach, side) for end, reach, side in zip(ends, halos, sides)]
        part = (slice(None), *map(slice, low, high))
        values = run(*(each[part] for each in padded))
        inner = tuple(slice(start - first, end - first) for start, end, first in zip(starts, ends, low))
        found[tuple(map(slice, starts, ends))] = values.numpy()[0][inner]
    return found[tuple(map(slice, size))]


def _repeated_to(values, sides):
    """Repeat the border at the far ends until the sides are legal."""
    places = [np.arange(side).clip(max=own - 1) for own, side in zip(values.shape[1:-1], sides)]
    for axis, indices in enumerate(places, start=1):
        values = tf.gather(values, indices, axis=axis)
    return values
