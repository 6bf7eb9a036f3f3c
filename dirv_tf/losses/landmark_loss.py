"""Loss of landmarks."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from dirv_tf.losses.arguments import check_outputs
from dirv_tf.losses.network_loss import NetworkLoss
from dirv_tf.losses.point_distance import point_distance
from dirv_tf.losses.targets import annotation


@tf.keras.utils.register_keras_serializable(package="dirv_tf")
class LandmarkLoss(NetworkLoss):
    """Mean distance of the landmarks from where the field takes them, see `point_distance`.

    Called as ``loss(targets, outputs)`` with ``"landmarks"`` among the targets (see `dirv_tf.losses.targets`) and a
    ``"flow_field"`` among the outputs of a network; gives a scalar, in millimeters where the pixel size is known, else
    in pixels. Every pair with landmarks counts alike.

    Raises
    ------
    ValueError
        When called, if the landmarks or the field are missing or do not fit each other.

    Examples
    --------
    >>> import tensorflow as tf
    >>> from dirv_tf.losses import LandmarkLoss
    >>> points = {"fixed": tf.fill([1, 2, 2], 4.0), "moving": tf.fill([1, 2, 2], 4.0) + [3.0, 4.0]}
    >>> targets = {"landmarks": {**points, "weights": tf.ones([1, 2]), "pixel_size": tf.fill([1, 2], 0.5)}}
    >>> float(LandmarkLoss()(targets, {"flow_field": tf.zeros([1, 16, 16, 2])}))
    2.5
    """

    def __init__(self, name: str = "landmark_loss", **kwargs: Any):
        super().__init__(name=name, **kwargs)

    def call(self, y_true: dict, y_pred: dict) -> tf.Tensor:
        check_outputs(y_pred, ("flow_field",), "LandmarkLoss")
        points = annotation(y_true, "landmarks", "LandmarkLoss")
        distances = point_distance(
            points["fixed"], points["moving"], y_pred["flow_field"], points["weights"], points["pixel_size"]
        )
        annotated = tf.cast(tf.reduce_sum(points["weights"], axis=-1) > 0, distances.dtype)
        return tf.math.divide_no_nan(tf.reduce_sum(distances), tf.reduce_sum(annotated))
