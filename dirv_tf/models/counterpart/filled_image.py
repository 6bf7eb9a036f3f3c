"""Images whose regions without counterpart show what the field around them brings there."""

from __future__ import annotations

import math

import tensorflow as tf

from dirv_tf import geometry

# Standard deviations of the Gaussians that carry the field into a region, pixels: where the narrow one finds enough
# around a pixel, it counts, elsewhere the wide one.
_NARROW, _WIDE = 4.0, 12.0
# Standard deviation and number of the Gaussians that then make the field within a region the mean of what is around
# every pixel: harmonic, as a membrane that is held at the border.
_SMOOTHINGS = ((8.0, 8), (3.0, 12))
# Pixels by which a mask is widened: the border of a region is neither one thing nor the other.
_WIDENED = 2
_LEAST = 1e-6
# How far beyond a pixel all of that looks, pixels.
REACH = round(3 * (_WIDE + sum(width * math.sqrt(count) for width, count in _SMOOTHINGS))) + _WIDENED


def filled_image(fixed: tf.Tensor, moving: tf.Tensor, flow_field: tf.Tensor, mask: tf.Tensor) -> tf.Tensor:
    """Return a fixed image that shows, within a mask, the moving image as the field around the mask continues.

    Parameters
    ----------
    fixed, moving : tf.Tensor, shape (B, n_1, ..., n_r, 1)
    flow_field : tf.Tensor, shape (B, n_1, ..., n_r, r), pixels
    mask : tf.Tensor, shape (B, n_1, ..., n_r, 1)
        Where the fixed image has no counterpart, from 0 to 1.

    Returns
    -------
    tf.Tensor, shape (B, n_1, ..., n_r, 1)
    """
    rank = fixed.shape.rank - 2
    side = 2 * _WIDENED + 1
    mask = tf.nn.max_pool(mask, side, 1, "SAME") if rank == 2 else tf.nn.max_pool3d(mask, side, 1, "SAME")
    field = continued_field(flow_field, mask)
    return (1 - mask) * fixed + mask * geometry.warp_image(moving, field)


def continued_field(flow_field: tf.Tensor, mask: tf.Tensor) -> tf.Tensor:
    """Return a field that goes on smoothly, within a mask, from what it is around the mask.

    Parameters
    ----------
    flow_field : tf.Tensor, shape (B, n_1, ..., n_r, r)
    mask : tf.Tensor, shape (B, n_1, ..., n_r, 1)
        From 0 to 1.

    Returns
    -------
    tf.Tensor, shape (B, n_1, ..., n_r, r)
        A field of one vector stays as it is, and away from the border of the image nearly so one of an affine map.

    Examples
    --------
    >>> field = tf.fill([1, 16, 16, 2], 3.0)
    >>> bool(tf.reduce_all(tf.abs(continued_field(field, tf.ones([1, 16, 16, 1]) * 0.5) - 3.0) < 1e-4))
    True
    """
    counted = 1 - mask
    sides = tf.unstack(tf.shape(mask)[1:-1], num=mask.shape.rank - 2)
    weighted = tf.concat([counted * flow_field, counted], axis=-1)
    means, shares = [], []
    for width in (_NARROW, _WIDE):
        smooth = geometry.apply_rows(weighted, [geometry.gaussian_rows(side, width, norm=1) for side in sides])
        shares.append(smooth[..., -1:])
        means.append(smooth[..., :-1] / (smooth[..., -1:] + _LEAST))
    near = tf.square(shares[0])
    around = near * means[0] + (1 - near) * means[1]
    field = counted * flow_field + mask * around
    for width, count in _SMOOTHINGS:
        rows = [geometry.gaussian_rows(side, width, norm=1) for side in sides]
        for _ in range(count):
            field = counted * flow_field + mask * geometry.apply_rows(field, rows)
    return field
