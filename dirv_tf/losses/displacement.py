"""Displacement loss."""

from __future__ import annotations

import math
from typing import Any

import tensorflow as tf

from dirv_tf.losses.arguments import check_outputs
from dirv_tf.losses.network_loss import NetworkLoss
from dirv_tf.losses.supervised import displacement_errors, displacement_level_weights, displacement_spreads
from dirv_tf.losses.targets import true_flow_field


@tf.keras.utils.register_keras_serializable(package="dirv_tf")
class DisplacementLoss(NetworkLoss):
    """Supervised loss on the control points of every level: ``(1/n_l) sum_l 2^(n_l-1-l) L_dis^(l)`` (thesis eq. 27).

    Called as ``loss(flow_field, outputs)`` on the true flow field ``(B, n_1, ..., n_r, r)`` in pixels and the
    ``displacement_fields`` among the outputs of a network, ``(B, n_u, g_1, ..., g_r, r)`` per level; gives a scalar in
    pixels of the finest level.

    Parameters
    ----------
    unit_decay : float
        From 0 to 1. 0: the last unit of every level counts (the thesis). Otherwise every unit counts, each
        `unit_decay` times as much as the unit behind it (deep supervision, thesis Section 9).
    spread_weight : float
        At least 0: so many times the spread of a pair's errors, see `displacement_spreads`, is added to the error of
        every level (thesis Section 9). 0: the thesis's own loss.

    Raises
    ------
    ValueError
        If there is no true flow field or its shape does not fit the predicted ones, the outputs lack the displacement
        fields, or an argument is out of its range.

    Examples
    --------
    >>> import tensorflow as tf
    >>> from dirv_tf.losses import DisplacementLoss
    >>> outputs = {"displacement_fields": (tf.zeros([1, 3, 4, 4, 2]),)}
    >>> float(DisplacementLoss()(tf.ones([1, 16, 16, 2]), outputs))
    1.0
    """

    def __init__(
        self, unit_decay: float = 0.0, spread_weight: float = 0.0, name: str = "displacement_loss", **kwargs: Any
    ):
        super().__init__(name=name, **kwargs)
        if not 0 <= unit_decay <= 1:
            raise ValueError(f"`unit_decay` must be from 0 to 1. Received: unit_decay={unit_decay!r}")
        if not 0 <= spread_weight < math.inf:
            raise ValueError(
                f"`spread_weight` must be a finite number of at least 0. Received: spread_weight={spread_weight!r}"
            )
        self.unit_decay, self.spread_weight = float(unit_decay), float(spread_weight)

    def call(self, y_true: tf.Tensor, y_pred: dict) -> tf.Tensor:
        y_true = true_flow_field(y_true)
        check_outputs(y_pred, ("displacement_fields",), "DisplacementLoss")
        check_true_field(y_true, y_pred, "DisplacementLoss")
        errors = displacement_errors(y_true, y_pred["displacement_fields"], self.unit_decay)
        if self.spread_weight:
            spreads = displacement_spreads(y_true, y_pred["displacement_fields"])
            errors = [error + self.spread_weight * spread for error, spread in zip(errors, spreads)]
        weights = displacement_level_weights(len(errors))
        return tf.add_n([weight * tf.reduce_mean(error) for weight, error in zip(weights, errors)])

    def get_config(self) -> dict:
        return {**super().get_config(), "unit_decay": self.unit_decay, "spread_weight": self.spread_weight}


def check_true_field(flow_field, outputs: dict, user: str) -> None:
    """Raise a ValueError unless there is a true flow field, of the shape of the predicted one where there is one.

    Parameters
    ----------
    flow_field : tf.Tensor, array_like or None
    outputs : dict
    user : str
        Name of the loss or metric for the message.
    """
    if flow_field is None:
        raise ValueError(
            f"{user} needs the true flow field: train on ((fixed, moving), flow_field), or use the IntensityLoss, "
            "which needs none. Received: y_true=None"
        )
    if "flow_field" not in outputs:
        return
    expected, shape = outputs["flow_field"].shape, tf.convert_to_tensor(flow_field).shape
    if not tf.TensorShape(expected).is_compatible_with(shape):
        raise ValueError(
            f"the true flow field must have the shape of the predicted one, {expected}. Received: y_true.shape={shape}"
        )
