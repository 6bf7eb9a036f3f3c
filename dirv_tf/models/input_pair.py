"""The check of the pair that a network is called on."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from dirv_tf import geometry


def checked_pair(
    inputs: Any, network: str, rank: int, size_multiples: tuple[int, ...]
) -> tuple[tf.Tensor, tf.Tensor]:
    """Return a pair of images as tensors.

    Parameters
    ----------
    inputs : pair of array_like, shape (B, n_1, ..., n_r, 1), floating point
        The fixed and the moving image.
    network : str
        Name of the network's class for error messages.
    rank : {2, 3}
    size_multiples : tuple of int, length r
        Every side must be a multiple of its number.

    Returns
    -------
    pair of tf.Tensor

    Raises
    ------
    ValueError
        For anything else; the message says what the network takes.
    """
    if not isinstance(inputs, (list, tuple)) or len(inputs) != 2:
        raise ValueError(f"a {network} is called on the pair (fixed, moving). Received: {type(inputs).__name__}")
    fixed, moving = (tf.convert_to_tensor(image) for image in inputs)
    for name, image in (("fixed", fixed), ("moving", moving)):
        if not image.dtype.is_floating:
            raise ValueError(f"`{name}` must be floating point in [0, 1]. Received: {name}.dtype={image.dtype.name}")
        if image.shape.rank != rank + 2 or image.shape[-1] != 1:
            sizes = ", ".join(f"n_{axis + 1}" for axis in range(rank))
            raise ValueError(
                f"`{name}` must have shape (B, {sizes}, 1) for this {rank}D model. "
                f"Received: {name}.shape={image.shape}"
            )
        geometry.check_legal_size(image, size_multiples, name)
    if not fixed.shape.is_compatible_with(moving.shape):
        raise ValueError(
            f"`fixed` and `moving` must have the same shape. "
            f"Received: fixed.shape={fixed.shape}, moving.shape={moving.shape}"
        )
    return fixed, moving
