"""A pair at a fraction of its resolution, and fields from one to the other."""

from __future__ import annotations

import numpy as np
from scipy.ndimage import map_coordinates

from dirv_tf.registration.alignment.features import block_mean
from dirv_tf.registration.images.pair import Pair
from dirv_tf.registration.maps.linear_map import LinearMap


def reduced_pair(pair: Pair, factor: int) -> Pair:
    """Return a pair whose pixels are the means of blocks.

    Parameters
    ----------
    pair : Pair
        Its landmarks are left out.
    factor : int
        Pixels of a block per axis. A block counts where most of it does.

    Returns
    -------
    Pair

    Examples
    --------
    >>> image = np.arange(48, dtype=np.float32).reshape(6, 8) / 48
    >>> reduced_pair(Pair(image, image, LinearMap.identity(2)), 2).fixed.shape
    (3, 4)
    """
    mask, moving_mask = (
        None if mask is None else block_mean(mask.astype(np.float32), factor) > 0.5
        for mask in (pair.mask, pair.moving_mask)
    )
    images = block_mean(pair.fixed, factor), block_mean(pair.moving, factor)
    return Pair(*images, reduced_map(pair.linear, factor), mask, moving_mask)


def reduced_map(linear: LinearMap, factor: int) -> LinearMap:
    """Return a linear map between the blocks of two images, from one between their pixels.

    Block ``k`` has its middle at pixel ``factor * k + (factor - 1) / 2``.
    """
    middle = np.full(len(linear.matrix), (factor - 1) / 2)
    return LinearMap(linear.matrix, (linear.applied(middle) - middle) / factor)


def enlarged_map(linear: LinearMap, factor: int) -> LinearMap:
    """Return a linear map between the pixels of two images, from one between their blocks, see `reduced_map`."""
    middle = np.full(len(linear.matrix), (factor - 1) / 2)
    return LinearMap(linear.matrix, factor * linear.translation + middle - linear.matrix @ middle)


def reduced_field(flow_field: np.ndarray, factor: int) -> np.ndarray:
    """Return a field (n_1, ..., n_r, r) in pixels of a reduced pair, shape (ceil(n_1 / factor), ..., r), float32."""
    components = np.moveaxis(flow_field, -1, 0)
    return np.stack([block_mean(component, factor) for component in components], axis=-1).astype(np.float32) / factor


def enlarged_field(flow_field: np.ndarray, factor: int, size: tuple[int, ...]) -> np.ndarray:
    """Return the field of a reduced pair in pixels of the whole one.

    Parameters
    ----------
    flow_field : ndarray, shape (m_1, ..., m_r, r)
    factor : int
        By which the pair was reduced.
    size : tuple of int, length r
        Of the whole fixed image.

    Returns
    -------
    ndarray of float32, shape (n_1, ..., n_r, r)
    """
    places = (np.indices(size, np.float32) - (factor - 1) / 2) / factor
    components = np.moveaxis(flow_field, -1, 0)
    return factor * np.stack(
        [map_coordinates(each, places, np.float32, order=1, mode="nearest") for each in components], axis=-1
    )
