"""Images cut into patches that lie side by side, and put together again."""

from __future__ import annotations

import itertools

import tensorflow as tf

from dirv_tf.geometry.tensor_shapes import spatial_rank
from dirv_tf.validation import integer


def split_patches(image: tf.Tensor, parts: int = 2) -> tf.Tensor:
    """Cut every axis of an image into equal parts.

    Parameters
    ----------
    image : tf.Tensor, shape (B, n_1, ..., n_r, C)
        Every side a multiple of `parts`; the number of channels must be known.
    parts : int
        Patches along an axis.

    Returns
    -------
    tf.Tensor, shape (B parts^r, n_1 / parts, ..., n_r / parts, C)
        The patches of an image one behind the other, the last axis fastest.

    Raises
    ------
    ValueError
        If `parts` is not positive, or a side is not a multiple of it.

    Examples
    --------
    >>> split_patches(tf.reshape(tf.range(16.0), [1, 4, 4, 1]))[1, ..., 0].numpy().tolist()
    [[2.0, 3.0], [6.0, 7.0]]
    """
    image = tf.convert_to_tensor(image)
    rank = spatial_rank(image, "image")
    parts = integer(1)("parts", parts)
    if any(side is not None and side % parts for side in image.shape[1:-1]):
        raise ValueError(
            f"every side of `image` must be a multiple of `parts`. Received: image.shape={image.shape}, parts={parts}"
        )
    size, channels = tf.unstack(tf.shape(image)[1:-1] // parts, rank), image.shape[-1]
    cut = tf.reshape(image, [-1, *itertools.chain(*((parts, side) for side in size)), channels])
    order = [0, *range(1, 2 * rank, 2), *range(2, 2 * rank + 1, 2), 2 * rank + 1]
    patches = tf.reshape(tf.transpose(cut, order), [-1, *size, channels])
    batch = None if image.shape[0] is None else image.shape[0] * parts**rank
    patches.set_shape([batch, *(side and side // parts for side in image.shape[1:-1]), channels])
    return patches


def join_patches(patches: tf.Tensor, parts: int = 2) -> tf.Tensor:
    """Put patches together; the inverse of `split_patches`.

    Parameters
    ----------
    patches : tf.Tensor, shape (B parts^r, m_1, ..., m_r, C)
        The number of channels must be known.
    parts : int
        Patches along an axis.

    Returns
    -------
    tf.Tensor, shape (B, parts m_1, ..., parts m_r, C)

    Raises
    ------
    ValueError
        If `parts` is not positive, or patches are missing.

    Examples
    --------
    >>> image = tf.random.uniform([2, 8, 6, 1])
    >>> bool(tf.reduce_all(join_patches(split_patches(image)) == image))
    True
    """
    patches = tf.convert_to_tensor(patches)
    rank = spatial_rank(patches, "patches")
    parts = integer(1)("parts", parts)
    count = patches.shape[0]
    if count is not None and count % parts**rank:
        raise ValueError(
            f"`patches` must hold whole images of {parts**rank} patches. Received: patches.shape={patches.shape}"
        )
    size, channels = tf.unstack(tf.shape(patches)[1:-1], rank), patches.shape[-1]
    cut = tf.reshape(patches, [-1, *[parts] * rank, *size, channels])
    order = [0, *itertools.chain(*((1 + axis, 1 + rank + axis) for axis in range(rank))), 2 * rank + 1]
    image = tf.reshape(tf.transpose(cut, order), [-1, *(parts * side for side in size), channels])
    sides = (side and side * parts for side in patches.shape[1:-1])
    image.set_shape([None if count is None else count // parts**rank, *sides, channels])
    return image
