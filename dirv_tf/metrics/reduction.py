"""What share of an error was removed."""

from __future__ import annotations

import numpy as np
import tensorflow as tf


def reduction(before: tf.Tensor, after: tf.Tensor) -> tf.Tensor:
    """Return ``100 (1 - after / before)``: the share of the initial error that was removed, in percent (thesis 6.4).

    Parameters
    ----------
    before, after : float, tf.Tensor or array_like, same shape
        Errors before (zero field) and after a registration.

    Returns
    -------
    tf.Tensor, same shape
        In percent; negative where the error grew, 0 where there was none before. Numbers are taken in double precision.

    Examples
    --------
    >>> from dirv_tf import metrics
    >>> float(metrics.reduction(4.0, 1.0)), float(metrics.reduction(0.0, 0.0))
    (75.0, 0.0)
    """
    before, after = (tf.convert_to_tensor(each if tf.is_tensor(each) else np.asarray(each)) for each in (before, after))
    dtype = before.dtype if before.dtype.is_floating else tf.float64
    before, after = tf.cast(before, dtype), tf.cast(after, dtype)
    return 100 * (1 - tf.math.divide_no_nan(after, before)) * tf.cast(before > 0, dtype)
