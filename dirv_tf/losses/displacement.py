"""Displacement loss."""

from __future__ import annotations

import tensorflow as tf

from dirv_tf.losses.level_errors import (
    check_flow_field,
    check_outputs,
    displacement_errors,
    displacement_level_weights,
)


@tf.keras.utils.register_keras_serializable(package="dirv_tf")
class DisplacementLoss(tf.keras.losses.Loss):
    """Supervised loss on the control points of every level: ``(1/n_l) sum_l 2^(n_l-1-l) L_dis^(l)`` (thesis eq. 27).

    Called as ``loss(flow_field, outputs)`` on the true flow field ``(B, n_1, ..., n_r, r)`` in pixels and the
    dictionary a `DIRVNet` returns; gives a scalar in pixels of the finest level.

    Parameters
    ----------
    unit_decay : float
        From 0 to 1. 0: the last unit of every level counts (the thesis). Otherwise every unit counts, each
        `unit_decay` times as much as the unit behind it (deep supervision, thesis Section 9).

    Raises
    ------
    ValueError
        If there is no true flow field or its shape differs from the predicted one, or `unit_decay` is out of its range.
    """

    def __init__(self, unit_decay: float = 0.0, name: str = "displacement_loss", **kwargs):
        super().__init__(name=name, **kwargs)
        if not 0 <= unit_decay <= 1:
            raise ValueError(f"`unit_decay` must be from 0 to 1. Received: unit_decay={unit_decay!r}")
        self.unit_decay = float(unit_decay)

    def __call__(self, y_true, y_pred, sample_weight=None):
        return self.call(y_true, y_pred)

    def call(self, y_true, y_pred):
        check_outputs(y_pred, "y_pred")
        check_flow_field(y_true, y_pred)
        errors = displacement_errors(y_true, y_pred, self.unit_decay)
        weights = displacement_level_weights(len(errors))
        return tf.add_n([weight * tf.reduce_mean(error) for weight, error in zip(weights, errors)])

    def get_config(self):
        return {**super().get_config(), "unit_decay": self.unit_decay}
