"""What a network is called on, a pair and a field to judge, checked; what it returns, checked and completed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import tensorflow as tf

from dirv_tf import geometry
from dirv_tf.losses.arguments import field_tensor


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


def checked_triple(
    inputs: Any, network: str, rank: int, size_multiples: tuple[int, ...]
) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
    """Return a pair of images and a field to judge as tensors.

    Parameters
    ----------
    inputs : sequence of three array_like
        The pair, as of `checked_pair`, and a field of shape (B, n_1, ..., n_r, r), pixels.
    network, rank, size_multiples
        As of `checked_pair`.

    Returns
    -------
    tuple of three tf.Tensor

    Raises
    ------
    ValueError
        For anything else; the message says what the network takes.
    """
    if not isinstance(inputs, (list, tuple)) or len(inputs) != 3:
        received = f"{len(inputs)} inputs" if isinstance(inputs, (list, tuple)) else type(inputs).__name__
        raise ValueError(f"a {network} is called on (fixed, moving, flow_field). Received: {received}")
    fixed, moving = checked_pair(inputs[:2], network, rank, size_multiples)
    field = field_tensor(inputs[2], "flow_field")
    if field.shape.rank != fixed.shape.rank or not field.shape[:-1].is_compatible_with(fixed.shape[:-1]):
        raise ValueError(
            "`flow_field` must have the size of the images and one component per axis. "
            f"Received: flow_field.shape={field.shape}, fixed.shape={fixed.shape}"
        )
    return fixed, moving, field


def completed_outputs(
    inputs: Sequence[tf.Tensor], outputs: Any, network: str, spacing: tuple[int, ...]
) -> dict[str, Any]:
    """Return the outputs of a network with those that it may leave out, as of a single level.

    Parameters
    ----------
    inputs : sequence of tf.Tensor, the first two of shape (B, n_1, ..., n_r, 1)
        The fixed and the moving image first.
    outputs : dict
        What the network returned.
    network : str
        Its name, for messages.
    spacing : tuple of int
        Of the control points, in pixels.

    Raises
    ------
    ValueError
        If the outputs are no dictionary with a ``"flow_field"``.
    """
    if not isinstance(outputs, dict) or "flow_field" not in outputs:
        received = sorted(outputs) if isinstance(outputs, dict) else type(outputs).__name__
        raise ValueError(f"a {network} must return a dictionary with a 'flow_field'. Received: outputs={received}")
    fixed, moving = map(tf.convert_to_tensor, inputs[:2])
    made = {
        "displacement_fields": lambda: geometry.sample_control_points(outputs["flow_field"], spacing)[:, None],
        "fixed_images": lambda: fixed,
        "moving_images": lambda: moving,
        "registered_images": lambda: geometry.warp_image(moving, outputs["flow_field"]),
    }
    return {**{key: (make(),) for key, make in made.items() if key not in outputs}, **outputs}
