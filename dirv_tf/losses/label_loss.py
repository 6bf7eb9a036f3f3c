"""Loss of labels."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from dirv_tf import geometry
from dirv_tf.losses.arguments import check_outputs, floating_tensor
from dirv_tf.losses.label_difference import label_boxes, label_difference, label_weights
from dirv_tf.losses.label_overlap import soft_dice
from dirv_tf.losses.network_loss import NetworkLoss
from dirv_tf.losses.targets import annotation
from dirv_tf.validation import boolean, one_of

MEASURES = ("dice", "mse")


@tf.keras.utils.register_keras_serializable(package="dirv_tf")
class LabelLoss(NetworkLoss):
    """How far the labels of the moving image, warped by the field, are from those of the fixed image.

    Called as ``loss(targets, outputs)`` with ``"labels"`` among the targets (see `dirv_tf.losses.targets`) and a
    ``"flow_field"`` among the outputs of a network; gives a scalar. Labels are needed in training alone.

    Parameters
    ----------
    measure : {"dice", "mse"}
        `soft_dice`, or `label_difference` with the `label_weights` of the batch.
    boxes : bool
        Whether the labels' bounding boxes take their place, which are drawn faster.

    Raises
    ------
    ValueError
        If an argument is not legal; when called, if the labels or the field are missing or do not fit each other.

    References
    ----------
    Balakrishnan et al., "VoxelMorph: a learning framework for deformable medical image registration", IEEE Transactions
    on Medical Imaging 38, 2019, for Dice in training; Hu et al., "Weakly-supervised convolutional neural networks for
    multimodal image registration", Medical Image Analysis 49, 2018, for warped labels as the only similarity.

    Examples
    --------
    >>> import tensorflow as tf
    >>> from dirv_tf.losses import LabelLoss
    >>> square = tf.pad(tf.ones([1, 4, 4, 1]), [[0, 0], [6, 6], [6, 6], [0, 0]])
    >>> targets = {"labels": {"fixed": square, "moving": tf.roll(square, 2, axis=1)}}
    >>> right = {"flow_field": tf.broadcast_to([2.0, 0.0], [1, 16, 16, 2])}
    >>> round(float(LabelLoss()(targets, right)), 4)
    0.0
    >>> round(float(LabelLoss()(targets, {"flow_field": tf.zeros([1, 16, 16, 2])})), 4)
    0.5
    """

    def __init__(self, measure: str = "dice", boxes: bool = False, name: str = "label_loss", **kwargs: Any):
        super().__init__(name=name, **kwargs)
        self.measure = one_of(*MEASURES)("measure", measure)
        self.boxes = boolean()("boxes", boxes)

    def call(self, y_true: dict, y_pred: dict) -> tf.Tensor:
        check_outputs(y_pred, ("flow_field",), "LabelLoss")
        field, labels = floating_tensor(y_pred["flow_field"]), annotation(y_true, "labels", "LabelLoss")
        fixed, moving = (label_boxes(labels[key]) if self.boxes else labels[key] for key in ("fixed", "moving"))
        warped = geometry.warp_image(tf.cast(moving, field.dtype), field)
        if self.measure == "dice":
            return tf.reduce_mean(soft_dice(fixed, warped))
        # Of both images: what one of them lacks must not weigh without bound.
        weights = label_weights(tf.concat([fixed, moving], axis=0))
        return tf.reduce_mean(label_difference(fixed, warped, weights))

    def get_config(self) -> dict:
        return {**super().get_config(), "measure": self.measure, "boxes": self.boxes}
