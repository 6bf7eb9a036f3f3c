"""Legal image sizes: padding to a multiple and cropping back."""

from __future__ import annotations

from collections.abc import Sequence

import tensorflow as tf

from dirv_tf.geometry.tensor_shapes import spatial_rank


def legal_size(size: Sequence[int], multiples: Sequence[int]) -> tuple[int, ...]:
    """Return the smallest size that covers `size` with every side a multiple of `multiples`.

    Parameters
    ----------
    size, multiples : sequence of int, length r

    Returns
    -------
    tuple of int, length r
    """
    return tuple(-(-int(n) // int(m)) * int(m) for n, m in zip(size, multiples))


def check_legal_size(image: tf.Tensor, multiples: Sequence[int], name: str) -> None:
    """Raise a ValueError that names the legal sizes unless every known side is a multiple of `multiples`."""
    size = image.shape[1 : 1 + spatial_rank(image, name)]
    if any(n is not None and (n == 0 or n % m) for n, m in zip(size, multiples)):
        known = [n or m for n, m in zip(size, multiples)]
        raise ValueError(
            f"every side of `{name}` must be a multiple of {tuple(multiples)}, for example "
            f"{legal_size(known, multiples)}; pad with `dirv_tf.geometry.pad_to_multiple` and crop the result. "
            f"Received: {name}.shape={image.shape}"
        )


def pad_to_multiple(image: tf.Tensor, multiples: Sequence[int]) -> tf.Tensor:
    """Pad the far end of every axis by edge replication until each side is a multiple of `multiples`.

    Parameters
    ----------
    image : tf.Tensor, shape (B, n_1, ..., n_r, C)
    multiples : sequence of int, length r

    Returns
    -------
    tf.Tensor
        Crop with `crop_to_size` to get the original back.
    """
    image = tf.convert_to_tensor(image)
    rank = spatial_rank(image, "image")
    for axis, multiple in zip(range(1, rank + 1), multiples):
        size = tf.shape(image)[axis]
        missing = (-size) % multiple
        index = tf.minimum(tf.range(size + missing), size - 1)
        image = tf.gather(image, index, axis=axis)
    return image


def crop_to_size(image: tf.Tensor, size: Sequence[int | tf.Tensor]) -> tf.Tensor:
    """Crop the far end of every axis to the given spatial sizes."""
    return image[(slice(None), *(slice(None, n) for n in size))]
