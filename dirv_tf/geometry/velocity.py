"""Stationary velocity fields and their exponential."""

from __future__ import annotations

import tensorflow as tf

from dirv_tf.geometry.composition import compose
from dirv_tf.geometry.tensor_shapes import field_rank
from dirv_tf.validation import integer


def exponential(velocity: tf.Tensor, squarings: int = 7) -> tf.Tensor:
    """Integrate a stationary velocity field over unit time by scaling and squaring.

    ``u = v / 2^N``, then ``N`` times ``u <- u o u``. The exact flow of a smooth velocity is invertible, with the flow
    of ``-v`` as its inverse; what is found here is close to it, without folds unless the velocity changes by much from
    one pixel to the next.

    Parameters
    ----------
    velocity : tf.Tensor, shape (B, n_1, ..., n_r, r)
        Pixels per unit of time.
    squarings : int
        Number of squarings ``N``; 0 returns the velocity as it is.

    Returns
    -------
    tf.Tensor, shape (B, n_1, ..., n_r, r)
        Flow field, pixels.

    Raises
    ------
    ValueError
        If `velocity` is no field or `squarings` is negative.

    References
    ----------
    Arsigny et al., "A log-Euclidean framework for statistics on diffeomorphisms", MICCAI 2006.

    Examples
    --------
    >>> import tensorflow as tf
    >>> from dirv_tf.geometry import exponential
    >>> tuple(exponential(tf.fill([1, 8, 8, 2], 1.5))[0, 3, 3].numpy().tolist())
    (1.5, 1.5)
    """
    velocity = tf.convert_to_tensor(velocity)
    field_rank(velocity, "velocity")
    integer()("squarings", squarings)
    flow_field = velocity / 2**squarings
    for _ in range(squarings):
        flow_field = compose(first=flow_field, second=flow_field)
    return flow_field
