"""Overlap of labels as a Keras metric, before and after the registration."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import tensorflow as tf

from dirv_tf import geometry
from dirv_tf.losses.arguments import check_outputs, floating_tensor, refuse_sample_weight
from dirv_tf.losses.targets import annotation
from dirv_tf.metrics.names import BEFORE, label_suffixes
from dirv_tf.validation import integer, list_of


@tf.keras.utils.register_keras_serializable(package="dirv_tf")
class LabelScores(tf.keras.metrics.Metric):
    """Dice coefficients of labels that the field carries to the nearest neighbor, over all pairs seen.

    Parameters
    ----------
    labels : sequence of int
        Which label each channel of the targets' ``"labels"`` is, for the names.

    Raises
    ------
    ValueError
        If an argument is none of the above; on updating, if there are no labels, or as many as there are names.

    Notes
    -----
    ``update_state(targets, outputs)`` takes targets with ``"labels"`` (see `dirv_tf.losses.targets`) and the outputs of
    a network with a ``"flow_field"``. A pixel belongs to a label where its channel is above 0.5. ``result()`` is a
    dictionary by the keys of `METRIC_NAMES`: ``dice`` and ``dice_before``, the mean over the pairs of the mean over the
    labels, 0 to 1, and the same per label, ``dice_label1``, ... Of a pair those labels count that one of its images
    has; a label that the other lacks has Dice 0.

    Examples
    --------
    >>> import tensorflow as tf
    >>> from dirv_tf.metrics import LabelScores
    >>> square = tf.pad(tf.ones([1, 4, 4, 1]), [[0, 0], [6, 6], [6, 6], [0, 0]])
    >>> metric = LabelScores(labels=[3])
    >>> targets = {"labels": {"fixed": square, "moving": tf.roll(square, 2, axis=1)}}
    >>> metric.update_state(targets, {"flow_field": tf.broadcast_to([1.0, 0.0], [1, 16, 16, 2])})
    >>> {key: float(value) for key, value in metric.result().items()}
    {'dice': 0.75, 'dice_label3': 0.75, 'dice_before': 0.5, 'dice_before_label3': 0.5}
    """

    def __init__(self, labels: Sequence[int], name: str = "label_scores", **kwargs: Any):
        super().__init__(name=name, **kwargs)
        self.labels = list_of(integer(1))("labels", labels)
        # Rows: after, before; the last column is the mean of a pair's labels.
        shape = (2, len(self.labels) + 1)
        self._sums = self.add_weight(name="sums", shape=shape, initializer="zeros")
        self._counts = self.add_weight(name="counts", shape=shape, initializer="zeros")

    @tf.autograph.experimental.do_not_convert
    def update_state(self, y_true: Any, y_pred: dict, sample_weight: None = None) -> None:
        refuse_sample_weight(sample_weight, "LabelScores")
        check_outputs(y_pred, ("flow_field",), "LabelScores")
        labels = annotation(y_true, "labels", "LabelScores")
        fixed, moving = labels["fixed"] > 0.5, labels["moving"] > 0.5
        if fixed.shape[-1] != len(self.labels):
            raise ValueError(
                f"the metric was made for the labels {list(self.labels)}, one channel each. "
                f"Received: labels of {fixed.shape[-1]} channels"
            )
        warped = geometry.warp_labels(moving, floating_tensor(y_pred["flow_field"]))
        sums, counts = zip(*(_summed(*_dice(fixed, other)) for other in (warped, moving)))
        self._sums.assign_add(tf.stack(sums))
        self._counts.assign_add(tf.stack(counts))

    @tf.autograph.experimental.do_not_convert
    def result(self) -> dict[str, tf.Tensor]:
        means = tf.math.divide_no_nan(tf.convert_to_tensor(self._sums), tf.convert_to_tensor(self._counts))
        measured = {}
        for key, row in zip(("dice", f"dice{BEFORE}"), tf.unstack(means)):
            *each, mean = tf.unstack(row)
            values = zip(label_suffixes(self.labels), [mean, *each])
            measured.update({f"{key}{suffix}": value for suffix, value in values})
        return measured

    def reset_state(self) -> None:
        for variable in (self._sums, self._counts):
            variable.assign(tf.zeros(variable.shape))

    def get_config(self) -> dict:
        return {**super().get_config(), "labels": list(self.labels)}


def _dice(fixed, other):
    """Return the Dice coefficients (B, L), and which labels are there."""
    axes = list(range(1, fixed.shape.rank - 1))
    common, first, second = (
        tf.cast(tf.math.count_nonzero(each, axis=axes), tf.float32) for each in (fixed & other, fixed, other)
    )
    return tf.math.divide_no_nan(2 * common, first + second), tf.cast(first + second > 0, tf.float32)


def _summed(dice, there):
    """Return the sums over the pairs of every label and of the means of a pair's labels, and how many count."""
    count = tf.reduce_sum(there, axis=-1, keepdims=True)
    mean = tf.math.divide_no_nan(tf.reduce_sum(dice * there, axis=-1, keepdims=True), count)
    values, counted = tf.concat([dice, mean], -1), tf.concat([there, tf.cast(count > 0, tf.float32)], -1)
    return tf.reduce_sum(values * counted, axis=0), tf.reduce_sum(counted, axis=0)
