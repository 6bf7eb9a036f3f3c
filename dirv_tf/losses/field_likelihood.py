"""How likely a flow field and its standard deviation are: by the images (variational), or by the true field."""

from __future__ import annotations

import math
from typing import Any

import tensorflow as tf

from dirv_tf.geometry import apply_rows, gaussian_rows, neighbor_correlations, warp_image
from dirv_tf.losses.arguments import alike_tensors, field_tensor

# The correlation length of fields is the side of the image divided by this number.
SIDES_PER_WIDTH = 12


def correlated_noise(shape: Any, seed: Any, width: float | None = None) -> tf.Tensor:
    """Draw smooth noise of standard deviation 1: ``C epsilon``, with independent components.

    Parameters
    ----------
    shape : sequence of int or tf.Tensor, length r + 2
        ``(B, n_1, ..., n_r, C)``.
    seed : tf.Tensor or pair of int, shape (2,)
        The same noise for the same seed.
    width : float, optional
        Standard deviation of the Gaussian ``C`` in pixels, the correlation length; default: of every axis its side
        divided by 12.

    Returns
    -------
    tf.Tensor, shape `shape`, float32
        Pixels at a distance ``d`` have the correlation ``exp(-d^2 / (4 width^2))``, away from the border.

    Examples
    --------
    >>> noise = correlated_noise([2, 48, 48, 2], seed=[1, 2])
    >>> 0.5 < float(tf.math.reduce_std(noise)) < 1.5
    True
    """
    noise = tf.random.stateless_normal(shape, seed)
    return apply_rows(noise, _matrices(noise, width))


def field_likelihood(
    fixed: tf.Tensor,
    moving: tf.Tensor,
    flow_field: tf.Tensor,
    standard_deviation: tf.Tensor,
    noise: tf.Tensor,
    smoothness: float = 10.0,
    image_variance: float = 1e-4,
    width: float | None = None,
) -> tf.Tensor:
    """Return the variational loss of a normal distribution of fields around a given one, per pixel.

    ``(1 / (2 v) sum_p (F - warp(M, mu + G C epsilon))^2 + lambda / 2 sum_(p, a) sum_(q in N(p)) (G_pa^2 -
    rho_pq G_pa G_qa) - sum_(p, a) log G_pa) / pixels``: one sample of how well the fields of the distribution explain
    the images, how rough they are beyond the given one, and how wide the distribution is. ``N(p)`` are the 2 r
    neighbors of a pixel along the axes, ``rho_pq`` the correlation of their noise.

    Parameters
    ----------
    fixed, moving : tf.Tensor, shape (B, n_1, ..., n_r, 1)
        Intensities in [0, 1].
    flow_field : tf.Tensor, shape (B, n_1, ..., n_r, r)
        The mean ``mu``, pixels.
    standard_deviation : tf.Tensor, shape (B, n_1, ..., n_r, r)
        ``G``, pixels, above 0.
    noise : tf.Tensor, shape (B, n_1, ..., n_r, r)
        ``C epsilon`` of `correlated_noise`; zeros take the field itself as the sample.
    smoothness : float
        ``lambda``.
    image_variance : float
        ``v``, of the images' own noise.
    width : float, optional
        As of `correlated_noise`.

    Returns
    -------
    tf.Tensor, shape (B,)

    Raises
    ------
    ValueError
        If the shapes do not fit each other.

    References
    ----------
    Dalca et al., "Unsupervised learning of probabilistic diffeomorphic registration for images and surfaces", Medical
    Image Analysis 57, 2019, for the variational loss with a prior on the smoothness of fields.

    Examples
    --------
    >>> image, field = tf.ones([1, 16, 16, 1]), tf.zeros([1, 16, 16, 2])
    >>> float(field_likelihood(image, image, field, field + 1.0, field, smoothness=0.0)[0])
    0.0
    """
    flow_field = field_tensor(flow_field, "flow_field")
    deviation, flow_field = alike_tensors(standard_deviation, flow_field, ("standard_deviation", "flow_field"))
    fixed, moving = alike_tensors(fixed, moving, ("fixed", "moving"))
    sample = flow_field + deviation * tf.cast(noise, deviation.dtype)
    squares = tf.square(fixed - warp_image(moving, sample))
    image_term = tf.reduce_sum(squares, axis=_all_but_first(squares)) / (2 * image_variance)
    rough, entropy = _roughness(deviation, width), tf.reduce_sum(tf.math.log(deviation), _all_but_first(deviation))
    pixels = tf.cast(tf.reduce_prod(tf.shape(deviation)[1:-1]), deviation.dtype)
    return (image_term + 0.5 * smoothness * rough - entropy) / pixels


def gaussian_likelihood(
    true_flow_field: tf.Tensor, flow_field: tf.Tensor, standard_deviation: tf.Tensor
) -> tf.Tensor:
    """Return the mean over pixels and components of ``log G + e^2 / (2 G^2)``, ``e`` being the true error.

    It is smallest where every ``G^2`` is the mean square of the errors that look alike; the negative logarithm of the
    normal density, but for a constant.

    Parameters
    ----------
    true_flow_field, flow_field, standard_deviation : tf.Tensor, shape (B, n_1, ..., n_r, r)
        Pixels; the standard deviation above 0.

    Returns
    -------
    tf.Tensor, shape (B,)

    Raises
    ------
    ValueError
        If the shapes do not fit each other.

    Examples
    --------
    >>> field = tf.zeros([1, 8, 8, 2])
    >>> float(gaussian_likelihood(field + 1.0, field, field + 1.0)[0])
    0.5
    """
    flow_field = field_tensor(flow_field, "flow_field")
    true, flow_field = alike_tensors(true_flow_field, flow_field, ("true_flow_field", "flow_field"))
    deviation, _ = alike_tensors(standard_deviation, flow_field, ("standard_deviation", "flow_field"))
    values = tf.math.log(deviation) + 0.5 * tf.square((true - flow_field) / deviation)
    return tf.reduce_mean(values, axis=_all_but_first(values))


def free_standard_deviation(rank: int, smoothness: float, width: float) -> float:
    """Return where `field_likelihood` has its minimum without images, for a constant ``G`` away from the border.

    Parameters
    ----------
    rank : {2, 3}
    smoothness : float
    width : float
        Correlation length in pixels.

    Returns
    -------
    float
        Pixels: ``G^2 = 1 / (2 r lambda (1 - rho_1))``.

    Examples
    --------
    >>> round(free_standard_deviation(3, 10.0, 15.0), 2), round(free_standard_deviation(2, 10.0, 5.0), 2)
    (3.87, 1.59)
    """
    return (2 * rank * smoothness * -math.expm1(-1 / (4 * width**2))) ** -0.5


def _roughness(deviation, width):
    """Return the sum over pixels, components and neighbors; the pairs of neighbors count twice, from either side."""
    total = tf.zeros(tf.shape(deviation)[:1], deviation.dtype)
    for axis, matrix in enumerate(_matrices(deviation, width), start=1):
        before = (slice(None),) * axis
        first, second = deviation[(*before, slice(None, -1))], deviation[(*before, slice(1, None))]
        along = [-1 if each == axis else 1 for each in range(deviation.shape.rank)]
        correlation = tf.reshape(tf.cast(neighbor_correlations(matrix), deviation.dtype), along)
        terms = tf.square(first) + tf.square(second) - 2 * correlation * first * second
        total += tf.reduce_sum(terms, axis=_all_but_first(terms))
    return total


def _matrices(values, width):
    """Return the matrix of every axis; the sides may be unknown."""
    sides = tf.unstack(tf.shape(values)[1:-1], num=values.shape.rank - 2)
    widths = [tf.cast(side, tf.float32) / SIDES_PER_WIDTH if width is None else width for side in sides]
    return [gaussian_rows(side, each) for side, each in zip(sides, widths)]


def _all_but_first(values):
    return list(range(1, values.shape.rank))
