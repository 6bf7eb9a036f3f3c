"""Loss of rough fields."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from dirv_tf.losses.arguments import check_outputs, floating_tensor
from dirv_tf.losses.network_loss import NetworkLoss
from dirv_tf.losses.unsupervised import REGULARIZERS, roughness
from dirv_tf.validation import one_of


@tf.keras.utils.register_keras_serializable(package="dirv_tf")
class SmoothnessLoss(NetworkLoss):
    """Roughness of the flow field; no target is needed.

    Called as ``loss(None, outputs)`` on the ``"flow_field"`` among the outputs of a network (targets may be given and
    are not used); gives a scalar.

    Parameters
    ----------
    regularizer : {"diffusion", "total_variation", "bending"}
        `first_differences`, squared or absolute, or `bending_energy`.

    Raises
    ------
    ValueError
        For an unknown name; when called, if the outputs lack the field.

    Examples
    --------
    >>> import tensorflow as tf
    >>> from dirv_tf.losses import SmoothnessLoss
    >>> float(SmoothnessLoss()(None, {"flow_field": tf.ones([1, 8, 8, 2])}))
    0.0
    """

    def __init__(self, regularizer: str = "diffusion", name: str = "smoothness_loss", **kwargs: Any):
        super().__init__(name=name, **kwargs)
        self.regularizer = one_of(*REGULARIZERS)("regularizer", regularizer)

    def call(self, y_true: Any, y_pred: dict) -> tf.Tensor:
        check_outputs(y_pred, ("flow_field",), "SmoothnessLoss")
        return tf.reduce_mean(roughness(floating_tensor(y_pred["flow_field"]), self.regularizer))

    def get_config(self) -> dict:
        return {**super().get_config(), "regularizer": self.regularizer}
