"""Energy of a vector momentum."""

from __future__ import annotations

import tensorflow as tf

from dirv_tf.losses.arguments import alike_tensors


def momentum_energy(momentum: tf.Tensor, velocity: tf.Tensor) -> tf.Tensor:
    """Return the mean product of a momentum and its velocity, ``mean_p sum_c m_c v_c``: a squared norm of the velocity.

    With ``v`` the momentum smoothed by a symmetric kernel, it is large for velocities that change quickly.

    Parameters
    ----------
    momentum, velocity : tf.Tensor, shape (B, n_1, ..., n_r, r)

    Returns
    -------
    tf.Tensor, shape (B,)

    Raises
    ------
    ValueError
        If the shapes differ.

    Examples
    --------
    >>> momentum = tf.ones([1, 8, 8, 2])
    >>> float(momentum_energy(momentum, momentum / 2)[0])
    1.0
    """
    momentum, velocity = alike_tensors(momentum, velocity, ("momentum", "velocity"))
    products = tf.reduce_sum(momentum * velocity, axis=-1)
    return tf.reduce_mean(products, axis=list(range(1, products.shape.rank)))
