"""Whether flow fields fold and how unevenly they stretch, by their Jacobian determinant."""

from __future__ import annotations

import tensorflow as tf

from dirv_tf import geometry
from dirv_tf.losses.arguments import field_tensor
from dirv_tf.losses.finite_root import finite_root
from dirv_tf.metrics.pixel_mean import pixel_mean

SMALLEST_DETERMINANT = 1e-9


def folded_percent(flow_field: tf.Tensor, mask: tf.Tensor | None = None) -> tf.Tensor:
    """Return how many pixels are folded, those with a Jacobian determinant of at most zero, in percent.

    Parameters
    ----------
    flow_field : tf.Tensor or array_like, shape (B, n_1, ..., n_r, r)
        In pixels.
    mask : tf.Tensor or array_like of bool, shape (B, n_1, ..., n_r), optional
        The pixels that count; default all.

    Returns
    -------
    tf.Tensor, shape (B,)
        In percent.

    Examples
    --------
    >>> import numpy as np
    >>> from dirv_tf import metrics
    >>> mirrored = -2 * np.stack(np.meshgrid(np.arange(8.0), np.arange(8.0), indexing="ij"), -1) * [1, 0]
    >>> metrics.folded_percent(mirrored[np.newaxis]).numpy().tolist()
    [100.0]
    """
    return folded_of_determinant(jacobian_determinant(flow_field), mask)


def sd_log_jacobian(flow_field: tf.Tensor, mask: tf.Tensor | None = None) -> tf.Tensor:
    """Return the standard deviation of the logarithm of the Jacobian determinant: how unevenly a field stretches.

    Parameters
    ----------
    flow_field : tf.Tensor or array_like, shape (B, n_1, ..., n_r, r)
        In pixels.
    mask : tf.Tensor or array_like of bool, shape (B, n_1, ..., n_r), optional
        The pixels that count; default all.

    Returns
    -------
    tf.Tensor, shape (B,)
        0 for a translation. Determinants below 1e-9 (folds) count as 1e-9, so that each of them weighs heavily.

    Notes
    -----
    The measure "SDlogJ" of Learn2Reg (Hering et al., IEEE TMI 42, 2023). The challenge's program adds 3 to the
    determinant before taking the logarithm, which makes its numbers a few times smaller than these.

    Examples
    --------
    >>> import numpy as np
    >>> from dirv_tf import metrics
    >>> metrics.sd_log_jacobian(np.full((1, 8, 8, 2), 1.5, "float32")).numpy().tolist()
    [0.0]
    """
    return sd_log_of_determinant(jacobian_determinant(flow_field), mask)


def jacobian_determinant(flow_field: tf.Tensor) -> tf.Tensor:
    """Return the Jacobian determinant at every pixel, (B, n_1, ..., n_r), of fields in any precision."""
    return geometry.jacobian_determinant(field_tensor(flow_field, "flow_field"))


def folded_of_determinant(determinant: tf.Tensor, mask: tf.Tensor | None = None) -> tf.Tensor:
    """Return `folded_percent` of fields whose Jacobian determinant is known, (B, n_1, ..., n_r)."""
    return 100 * pixel_mean(tf.cast(determinant <= 0, determinant.dtype), mask)


def sd_log_of_determinant(determinant: tf.Tensor, mask: tf.Tensor | None = None) -> tf.Tensor:
    """Return `sd_log_jacobian` of fields whose Jacobian determinant is known, (B, n_1, ..., n_r)."""
    logarithm = tf.math.log(tf.maximum(determinant, tf.constant(SMALLEST_DETERMINANT, determinant.dtype)))
    mean = pixel_mean(logarithm, mask)
    deviation = logarithm - tf.reshape(mean, [-1] + [1] * (logarithm.shape.rank - 1))
    return finite_root(pixel_mean(tf.square(deviation), mask))
