"""Target registration errors as a Keras metric, before and after the registration."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from dirv_tf.losses.arguments import check_outputs, floating_tensor, refuse_sample_weight
from dirv_tf.losses.point_distance import point_distance
from dirv_tf.losses.targets import annotation
from dirv_tf.metrics.names import BEFORE


@tf.keras.utils.register_keras_serializable(package="dirv_tf")
class LandmarkScores(tf.keras.metrics.Metric):
    """Mean target registration error of landmarks in pixels, over all pairs seen.

    The field takes the landmarks of the fixed image to the moving one, where the distance from their partners counts.

    Raises
    ------
    ValueError
        On updating, if there are no landmarks, or they do not fit the field.

    Notes
    -----
    ``update_state(targets, outputs)`` takes targets with ``"landmarks"`` (see `dirv_tf.losses.targets`) and the outputs
    of a network with a ``"flow_field"``. ``result()`` is a dictionary by the keys of `METRIC_NAMES`: ``tre`` and
    ``tre_before``, the mean over the pairs that have landmarks.

    Examples
    --------
    >>> import tensorflow as tf
    >>> from dirv_tf.metrics import LandmarkScores
    >>> points = {"fixed": tf.fill([1, 2, 2], 4.0), "moving": tf.fill([1, 2, 2], 4.0) + [3.0, 4.0]}
    >>> targets = {"landmarks": {**points, "weights": tf.ones([1, 2]), "pixel_size": tf.ones([1, 2])}}
    >>> metric = LandmarkScores()
    >>> metric.update_state(targets, {"flow_field": tf.broadcast_to([3.0, 0.0], [1, 16, 16, 2])})
    >>> {key: float(value) for key, value in metric.result().items()}
    {'tre': 4.0, 'tre_before': 5.0}
    """

    def __init__(self, name: str = "landmark_scores", **kwargs: Any):
        super().__init__(name=name, **kwargs)
        # After, before, and the number of pairs.
        self._sums = self.add_weight(name="sums", shape=(3,), initializer="zeros")

    @tf.autograph.experimental.do_not_convert
    def update_state(self, y_true: Any, y_pred: dict, sample_weight: None = None) -> None:
        refuse_sample_weight(sample_weight, "LandmarkScores")
        check_outputs(y_pred, ("flow_field",), "LandmarkScores")
        points, field = annotation(y_true, "landmarks", "LandmarkScores"), floating_tensor(y_pred["flow_field"])
        after, before = (
            point_distance(points["fixed"], points["moving"], each, points["weights"])
            for each in (field, tf.zeros_like(field))
        )
        counted = tf.reduce_sum(points["weights"], axis=-1) > 0
        sums = [tf.reduce_sum(after), tf.reduce_sum(before), tf.math.count_nonzero(counted)]
        self._sums.assign_add(tf.stack([tf.cast(each, tf.float32) for each in sums]))

    @tf.autograph.experimental.do_not_convert
    def result(self) -> dict[str, tf.Tensor]:
        after, before, count = tf.unstack(tf.convert_to_tensor(self._sums))
        return {"tre": tf.math.divide_no_nan(after, count), f"tre{BEFORE}": tf.math.divide_no_nan(before, count)}

    def reset_state(self) -> None:
        self._sums.assign(tf.zeros(self._sums.shape))
