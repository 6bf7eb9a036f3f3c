"""How much two images differ."""

from __future__ import annotations

import tensorflow as tf

from dirv_tf.losses.arguments import alike_tensors
from dirv_tf.metrics.pixel_mean import pixel_mean


def intensity_difference(fixed: tf.Tensor, image: tf.Tensor, mask: tf.Tensor | None = None) -> tf.Tensor:
    """Return the mean absolute intensity difference of images: the intensity error (thesis eq. 26) of one channel.

    Parameters
    ----------
    fixed : tf.Tensor or array_like, shape (B, n_1, ..., n_r, C)
        Fixed images.
    image : tf.Tensor or array_like, same shape
        Registered images, or moving ones for the difference before.
    mask : tf.Tensor or array_like of bool, shape (B, n_1, ..., n_r), optional
        The pixels that count; default all.

    Returns
    -------
    tf.Tensor, shape (B,)
        In units of the images, averaged over channels; exactly 0 for equal images, where the loss
        (`dirv_tf.losses.intensity_errors`) is cut off for the sake of its gradient. The thesis reports it times 255.

    Raises
    ------
    ValueError
        If the shapes do not fit.

    Examples
    --------
    >>> import numpy as np
    >>> from dirv_tf import metrics
    >>> fixed, moving = np.zeros((1, 8, 8, 1), "float32"), np.full((1, 8, 8, 1), 0.25, "float32")
    >>> float(metrics.intensity_difference(fixed, moving)[0])
    0.25
    """
    fixed, image = alike_tensors(fixed, image, ("fixed", "image"))
    return pixel_mean(tf.reduce_mean(tf.abs(image - fixed), axis=-1), mask)
