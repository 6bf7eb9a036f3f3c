"""How well a predicted standard deviation is calibrated, as a Keras metric."""

from __future__ import annotations

import math
from typing import Any

import tensorflow as tf

from dirv_tf.losses.arguments import alike_tensors, check_outputs, refuse_sample_weight
from dirv_tf.losses.targets import true_flow_field
from dirv_tf.metrics.calibration import BINS, INTERVAL_90

# Standard deviations are counted in cells of this width in pixels, so many of them: the last holds all beyond.
_CELL, _CELLS = 0.01, 2000


@tf.keras.utils.register_keras_serializable(package="dirv_tf")
class CalibrationScores(tf.keras.metrics.Metric):
    """Calibration of standard deviations of fields, over all pairs seen.

    Parameters
    ----------
    bins : int
        Bins of equal width, as of `calibration_bins`; their ends are multiples of 0.01 pixels here, so that pairs can
        be added up.

    Raises
    ------
    ValueError
        For another number of bins; on updating, if the true field or an output is missing or does not fit.

    Notes
    -----
    ``update_state(targets, outputs)`` takes the true flow field, alone or in a dictionary, and outputs with a
    ``"flow_field"`` and its ``"standard_deviation"``. ``result()`` is a dictionary by the keys of `METRIC_NAMES`:
    ``calibration_error`` (px), ``coverage_90`` (percent) and ``log_density``, see `dirv_tf.metrics.calibration_bins`,
    `coverage` and `mean_log_density`, and ``standard_deviation`` (px), their root mean square.

    Examples
    --------
    >>> import tensorflow as tf
    >>> from dirv_tf.metrics import CalibrationScores
    >>> field = tf.zeros([1, 8, 8, 2])
    >>> metric = CalibrationScores()
    >>> metric.update_state(field + 1.0, {"flow_field": field, "standard_deviation": field + 2.0})
    >>> {key: round(float(value), 3) for key, value in metric.result().items()}
    {'calibration_error': 1.0, 'coverage_90': 100.0, 'log_density': -1.737, 'standard_deviation': 2.0}
    """

    def __init__(self, bins: int = BINS, name: str = "calibration_scores", **kwargs: Any):
        super().__init__(name=name, **kwargs)
        if isinstance(bins, bool) or not isinstance(bins, int) or bins < 1:
            raise ValueError(f"`bins` must be a positive integer. Received: bins={bins!r}")
        self.bins = bins
        # Rows: counts, squares of the standard deviations, squares of the errors.
        self._cells = self.add_weight(name="cells", shape=(3, _CELLS), initializer="zeros")
        # Covered components, and the sum of the logarithms of the densities.
        self._sums = self.add_weight(name="sums", shape=(2,), initializer="zeros")

    @tf.autograph.experimental.do_not_convert
    def update_state(self, y_true: Any, y_pred: dict, sample_weight: None = None) -> None:
        refuse_sample_weight(sample_weight, "CalibrationScores")
        check_outputs(y_pred, ("flow_field", "standard_deviation"), "CalibrationScores")
        true = true_flow_field(y_true)
        if true is None:
            raise ValueError("CalibrationScores needs the true flow field in the targets. Received: none")
        true, field = alike_tensors(true, y_pred["flow_field"], ("true_flow_field", "flow_field"))
        deviation, _ = alike_tensors(y_pred["standard_deviation"], field, ("standard_deviation", "flow_field"))
        errors, deviation = (tf.cast(tf.reshape(each, [-1]), tf.float32) for each in (field - true, deviation))
        numbers = tf.minimum(tf.cast(deviation / _CELL, tf.int32), _CELLS - 1)
        rows = (tf.ones_like(errors), tf.square(deviation), tf.square(errors))
        self._cells.assign_add(tf.stack([tf.math.unsorted_segment_sum(row, numbers, _CELLS) for row in rows]))
        scaled = errors / deviation
        covered = tf.reduce_sum(tf.cast(tf.abs(scaled) <= INTERVAL_90, tf.float32))
        densities = -0.5 * tf.square(scaled) - tf.math.log(deviation) - 0.5 * math.log(2 * math.pi)
        self._sums.assign_add(tf.stack([covered, tf.reduce_sum(densities)]))

    @tf.autograph.experimental.do_not_convert
    def result(self) -> dict[str, tf.Tensor]:
        cells, sums = tf.convert_to_tensor(self._cells), tf.convert_to_tensor(self._sums)
        places = tf.cast(tf.range(_CELLS), tf.float32)
        held = cells[0] > 0
        low = tf.reduce_min(tf.where(held, places, float(_CELLS)))
        high = tf.reduce_max(tf.where(held, places + 1, 0.0))
        numbers = tf.cast((places - low) / tf.maximum(high - low, 1.0) * self.bins, tf.int32)
        # Empty cells below and above the bins add nothing, wherever they go.
        numbers = tf.clip_by_value(numbers, 0, self.bins - 1)
        sums_of_bins = (tf.math.unsorted_segment_sum(row, numbers, self.bins) for row in tf.unstack(cells))
        counts, deviations, errors = sums_of_bins
        predicted, found = (tf.sqrt(tf.math.divide_no_nan(each, counts)) for each in (deviations, errors))
        total = tf.reduce_sum(counts)
        gap = tf.reduce_sum(counts * tf.abs(found - predicted))
        return {
            "calibration_error": tf.math.divide_no_nan(gap, total),
            "coverage_90": 100 * tf.math.divide_no_nan(sums[0], total),
            "log_density": tf.math.divide_no_nan(sums[1], total),
            "standard_deviation": tf.sqrt(tf.math.divide_no_nan(tf.reduce_sum(deviations), total)),
        }

    def reset_state(self) -> None:
        for variable in (self._cells, self._sums):
            variable.assign(tf.zeros(variable.shape))

    def get_config(self) -> dict:
        return {**super().get_config(), "bins": self.bins}
