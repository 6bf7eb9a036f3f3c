"""Checks of the arguments of losses and metrics."""

from __future__ import annotations

import tensorflow as tf


def floating_tensor(values) -> tf.Tensor:
    """Return a tensor of single precision or better: means over many pixels are lost in half precision.

    Parameters
    ----------
    values : array_like

    Returns
    -------
    tf.Tensor
        float64 as it is, everything else as float32.
    """
    values = tf.convert_to_tensor(values)
    return values if values.dtype in (tf.float32, tf.float64) else tf.cast(values, tf.float32)


def alike_tensors(first, second, names: tuple[str, str]) -> tuple[tf.Tensor, tf.Tensor]:
    """Return two floating-point tensors of one shape, the first in the second's precision.

    Parameters
    ----------
    first, second : array_like, shape (B, n_1, ..., n_r, C)
    names : pair of str
        The arguments' names for the message.

    Returns
    -------
    pair of tf.Tensor

    Raises
    ------
    ValueError
        If the shapes, as far as they are known, differ or have fewer than three axes.
    """
    first, second = floating_tensor(first), floating_tensor(second)
    shapes = f"{names[0]}.shape={first.shape}, {names[1]}.shape={second.shape}"
    if not first.shape.is_compatible_with(second.shape):
        raise ValueError(f"`{names[0]}` and `{names[1]}` must have the same shape. Received: {shapes}")
    if first.shape.rank is None or first.shape.rank < 3:
        raise ValueError(
            f"`{names[0]}` and `{names[1]}` must be batches, channels last: (B, n_1, ..., n_r, C). Received: {shapes}"
        )
    return tf.cast(first, second.dtype), second


def field_tensor(field, name: str) -> tf.Tensor:
    """Return a batch of fields as a floating-point tensor.

    Parameters
    ----------
    field : array_like, shape (B, n_1, ..., n_r, r)
    name : str
        The argument's name for the message.

    Returns
    -------
    tf.Tensor

    Raises
    ------
    ValueError
        If there is not one component per axis.
    """
    field = floating_tensor(field)
    if field.shape.rank is None or field.shape.rank < 3 or field.shape[-1] != field.shape.rank - 2:
        raise ValueError(
            f"`{name}` must be a batch of fields with one component per axis, (B, n_1, ..., n_r, r). "
            f"Received: {name}.shape={field.shape}"
        )
    return field


def check_outputs(outputs, keys: tuple[str, ...], user: str) -> None:
    """Raise a ValueError unless the outputs of a network hold what a loss or metric needs.

    Parameters
    ----------
    outputs : dict
    keys : tuple of str
        What it needs.
    user : str
        Its name for the message.
    """
    if not isinstance(outputs, dict):
        needed = ", ".join(map(repr, keys))
        raise ValueError(
            f"{user} needs the outputs of a network as a dictionary, with {needed}. "
            f"Received: outputs of type {type(outputs).__name__}"
        )
    missing = [key for key in keys if outputs.get(key) is None]
    if missing:
        raise ValueError(
            f"{user} needs {', '.join(map(repr, missing))} in the outputs of the network. "
            f"Received: outputs with {', '.join(map(repr, outputs)) or 'nothing'}"
        )


def refuse_sample_weight(sample_weight, user: str) -> None:
    """Raise a ValueError for weights of samples, which neither losses nor metrics know."""
    if sample_weight is not None:
        raise ValueError(f"{user} weighs all pairs alike. Received: sample_weight={sample_weight!r}")
