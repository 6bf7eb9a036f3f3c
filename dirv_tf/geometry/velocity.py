"""Stationary velocity fields: their exponential, and maps that they carry along."""

from __future__ import annotations

from collections.abc import Sequence

import tensorflow as tf

from dirv_tf.geometry.compiled import shapes_vary
from dirv_tf.geometry.composition import compose
from dirv_tf.geometry.gradient import image_gradient
from dirv_tf.geometry.tensor_shapes import field_rank, per_axis
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
    if shapes_vary():
        # Nothing is compiled here, and one composition is traced and optimized sooner than many.
        return _repeated(lambda field: compose(first=field, second=field), flow_field, squarings)
    for _ in range(squarings):
        flow_field = compose(first=flow_field, second=flow_field)
    return flow_field


def integrate_control_points(
    velocity: tf.Tensor, spacing: int | Sequence[int] = 4, squarings: int = 5
) -> tf.Tensor:
    """Integrate the stationary velocities at control points, on the grid of these points, to displacements.

    As `exponential`, for a sixteenth of the cost with a spacing of 4 in 2D.

    Parameters
    ----------
    velocity : tf.Tensor, shape (B, g_1, ..., g_r, r)
        Pixels per unit of time.
    spacing : int or sequence of int
        Control-point spacing in pixels.
    squarings : int
        Number of squarings; 0 returns the velocity as it is.

    Returns
    -------
    tf.Tensor, shape (B, g_1, ..., g_r, r)
        Displacement field, pixels.

    Raises
    ------
    ValueError
        If `velocity` is no field, or another argument is no such number.

    Examples
    --------
    >>> import tensorflow as tf
    >>> from dirv_tf.geometry import integrate_control_points
    >>> tuple(integrate_control_points(tf.fill([1, 8, 8, 2], 6.0), spacing=4)[0, 3, 3].numpy().tolist())
    (6.0, 6.0)
    """
    velocity = tf.convert_to_tensor(velocity)
    steps = tf.constant(per_axis(spacing, field_rank(velocity, "velocity"), "spacing"), velocity.dtype)
    if integer()("squarings", squarings) == 0:
        return velocity
    return steps * exponential(velocity / steps, squarings)


def advect(flow_field: tf.Tensor, velocity: tf.Tensor, steps: int = 10) -> tf.Tensor:
    """Carry a map along with a stationary velocity field over unit time by solving the transport equation.

    ``du/dt = -v - (Du) v`` for the flow field ``u`` of the map, by the Runge-Kutta method of order 4 with central
    differences. The result is close to ``compose(first=flow_field, second=exponential(-velocity))``.

    Parameters
    ----------
    flow_field : tf.Tensor, shape (B, n_1, ..., n_r, r)
        Pixels; every side at least 2.
    velocity : tf.Tensor, shape (B, n_1, ..., n_r, r)
        Pixels per unit of time. The solution is stable where it is below two pixels per step.
    steps : int
        Steps of the method.

    Returns
    -------
    tf.Tensor, shape (B, n_1, ..., n_r, r)
        Flow field, pixels.

    Raises
    ------
    ValueError
        If an argument is no field or `steps` is not positive.

    References
    ----------
    Shen et al., "Networks for joint affine and non-parametric image registration", CVPR 2019.

    Examples
    --------
    >>> import tensorflow as tf
    >>> from dirv_tf.geometry import advect
    >>> tuple(advect(tf.zeros([1, 8, 8, 2]), tf.fill([1, 8, 8, 2], 1.5), steps=2)[0, 3, 3].numpy().tolist())
    (-1.5, -1.5)
    """
    flow_field, velocity = tf.convert_to_tensor(flow_field), tf.convert_to_tensor(velocity)
    field_rank(flow_field, "flow_field")
    field_rank(velocity, "velocity")
    integer(1)("steps", steps)

    def rate(field):
        return -velocity - tf.reduce_sum(image_gradient(field) * velocity[..., None, :], axis=-1)

    def step(field):
        first = rate(field)
        second = rate(field + first / (2 * steps))
        third = rate(field + second / (2 * steps))
        fourth = rate(field + third / steps)
        return field + (first + 2 * second + 2 * third + fourth) / (6 * steps)

    # Written out, forty evaluations would take minutes to compile.
    return _repeated(step, flow_field, steps)


def _repeated(step, field, times):
    """Apply a step over and over, in a loop of the graph."""
    (result,) = tf.while_loop(lambda _: True, lambda field: (step(field),), (field,), maximum_iterations=times)
    return result
