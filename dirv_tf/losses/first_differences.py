"""First differences of a field."""

from __future__ import annotations

import tensorflow as tf

from dirv_tf.geometry.tensor_shapes import field_rank
from dirv_tf.losses.bending_energy import difference


def first_differences(field: tf.Tensor, power: int = 1) -> tf.Tensor:
    """Return the mean difference of neighboring vectors: ``(1 / r) sum_a mean |u[p + e_a] - u[p]|^power``.

    Parameters
    ----------
    field : tf.Tensor, shape (B, n_1, ..., n_r, r)
        Every side at least 2 pixels.
    power : {1, 2}
        2 is the diffusion regularizer.

    Returns
    -------
    tf.Tensor, shape (B,)
        Mean over pixels, components and axes; 0 for a constant field.

    Raises
    ------
    ValueError
        If `field` is no field or `power` is neither 1 nor 2.

    Examples
    --------
    >>> float(first_differences(tf.ones([1, 8, 8, 2]))[0])
    0.0
    """
    field = tf.convert_to_tensor(field)
    rank = field_rank(field, "field")
    if power not in (1, 2):
        raise ValueError(f"`power` must be 1 or 2. Received: power={power!r}")
    magnitude = tf.abs if power == 1 else tf.square
    axes = list(range(1, rank + 2))
    means = [tf.reduce_mean(magnitude(difference(field, axis)), axis=axes) for axis in range(1, rank + 1)]
    return tf.add_n(means) / rank
