"""Intensity errors of images, per pyramid level (thesis 4.7)."""

from __future__ import annotations

from collections.abc import Sequence

import tensorflow as tf

from dirv_tf.losses.root_mean_square import root_mean_square_error


def intensity_errors(fixed_images: Sequence[tf.Tensor], images: Sequence[tf.Tensor]) -> list[tf.Tensor]:
    """Return the intensity error of every level, coarse to fine: the sums of thesis eq. 26.

    Parameters
    ----------
    fixed_images : sequence of tf.Tensor, each of shape (B, n_1, ..., n_r, C)
        Fixed images of every level.
    images : sequence of tf.Tensor, of the same shapes
        Registered images, or moving ones for the error before.

    Returns
    -------
    list of tf.Tensor, each of shape (B,)
        In units of the images.

    Raises
    ------
    ValueError
        If the numbers of levels or the shapes differ.

    Examples
    --------
    >>> import numpy as np
    >>> from dirv_tf import losses
    >>> fixed, registered = np.zeros((1, 8, 8, 1), "float32"), np.full((1, 8, 8, 1), 0.25, "float32")
    >>> [float(error[0]) for error in losses.intensity_errors([fixed], [registered])]
    [0.25]
    """
    if len(fixed_images) != len(images) or not len(images):
        raise ValueError(
            "Expected images of the same levels, at least one. "
            f"Received: fixed images of {len(fixed_images)} level(s), images of {len(images)}"
        )
    return [root_mean_square_error(fixed, image) for fixed, image in zip(fixed_images, images)]
