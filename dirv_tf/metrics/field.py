"""How long the displacements of flow fields are, how far they are from the true ones, and all metrics of a field."""

from __future__ import annotations

from collections.abc import Sequence

import tensorflow as tf

from dirv_tf.losses.arguments import alike_tensors, field_tensor
from dirv_tf.losses.finite_root import finite_root
from dirv_tf.metrics.folding import folded_of_determinant, jacobian_determinant, sd_log_of_determinant
from dirv_tf.metrics.pixel_mean import pixel_maximum, pixel_mean


def displacement_lengths(flow_field: tf.Tensor, pixel_size: float | Sequence[float] = 1.0) -> tf.Tensor:
    """Return the Euclidean length of the displacement at every pixel.

    Parameters
    ----------
    flow_field : tf.Tensor or array_like, shape (B, n_1, ..., n_r, r)
        In pixels.
    pixel_size : float or sequence of float, length r
        Millimeters per pixel and axis, for lengths in millimeters.

    Returns
    -------
    tf.Tensor, shape (B, n_1, ..., n_r)

    Examples
    --------
    >>> import numpy as np
    >>> from dirv_tf import metrics
    >>> float(metrics.displacement_lengths(np.broadcast_to([3.0, 4.0], (1, 8, 8, 2)))[0, 0, 0])
    5.0
    """
    flow_field = field_tensor(flow_field, "flow_field")
    return finite_root(tf.reduce_sum(tf.square(flow_field * tf.constant(pixel_size, flow_field.dtype)), axis=-1))


def endpoint_error(true: tf.Tensor, predicted: tf.Tensor, mask: tf.Tensor | None = None) -> tf.Tensor:
    """Return the mean Euclidean distance between two flow fields.

    Parameters
    ----------
    true, predicted : tf.Tensor or array_like, shape (B, n_1, ..., n_r, r)
        Flow fields in pixels.
    mask : tf.Tensor or array_like of bool, shape (B, n_1, ..., n_r), optional
        The pixels that count; default all.

    Returns
    -------
    tf.Tensor, shape (B,)
        In pixels.

    Raises
    ------
    ValueError
        If the shapes do not fit.

    Examples
    --------
    >>> import numpy as np
    >>> from dirv_tf import metrics
    >>> true = np.zeros((1, 8, 8, 2), "float32")
    >>> metrics.endpoint_error(true, true + np.array([3, 4], "float32")).numpy().tolist()
    [5.0]
    """
    true, predicted = alike_tensors(true, predicted, ("true", "predicted"))
    return pixel_mean(displacement_lengths(predicted - true), mask)


def field_metrics(
    flow_field: tf.Tensor, pixel_size: float | Sequence[float] | None = None, mask: tf.Tensor | None = None
) -> dict[str, tf.Tensor]:
    """Return all metrics of flow fields alone.

    Parameters
    ----------
    flow_field : tf.Tensor or array_like, shape (B, n_1, ..., n_r, r)
        In pixels.
    pixel_size : float or sequence of float, length r, optional
        Millimeters per pixel; adds the lengths in millimeters.
    mask : tf.Tensor or array_like of bool, shape (B, n_1, ..., n_r), optional
        The pixels that count; default all.

    Returns
    -------
    dict of tf.Tensor, each of shape (B,)
        ``displacement_mean_px``, ``displacement_max_px``, the same in ``_mm``, ``folded_percent``, ``sd_log_jacobian``.

    Examples
    --------
    >>> import numpy as np
    >>> from dirv_tf import metrics
    >>> measured = metrics.field_metrics(np.broadcast_to([3.0, 4.0], (1, 8, 8, 2)))
    >>> {name: float(value[0]) for name, value in measured.items()}  # doctest: +NORMALIZE_WHITESPACE
    {'displacement_mean_px': 5.0, 'displacement_max_px': 5.0, 'folded_percent': 0.0, 'sd_log_jacobian': 0.0}
    """
    measured = {}
    for unit, scale in {"px": 1.0, **({} if pixel_size is None else {"mm": pixel_size})}.items():
        lengths = displacement_lengths(flow_field, scale)
        measured[f"displacement_mean_{unit}"] = pixel_mean(lengths, mask)
        measured[f"displacement_max_{unit}"] = pixel_maximum(lengths, mask)
    determinant = jacobian_determinant(flow_field)
    return {
        **measured,
        "folded_percent": folded_of_determinant(determinant, mask),
        "sd_log_jacobian": sd_log_of_determinant(determinant, mask),
    }
