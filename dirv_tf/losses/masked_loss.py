"""Loss of the images within a mask."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from dirv_tf.losses.arguments import check_outputs, floating_tensor
from dirv_tf.losses.network_loss import NetworkLoss
from dirv_tf.losses.targets import annotation
from dirv_tf.losses.unsupervised import SIMILARITIES, image_dissimilarity
from dirv_tf.validation import one_of


@tf.keras.utils.register_keras_serializable(package="dirv_tf")
class MaskedLoss(NetworkLoss):
    """How unlike the fixed and the registered image are where a mask of the fixed image says that it matters.

    Called as ``loss(targets, outputs)`` with a ``"mask"`` among the targets (see `dirv_tf.losses.targets`) and the
    images of the finest level among the outputs of a network; gives a scalar. What the images show outside the mask
    changes neither the loss nor its gradient.

    Parameters
    ----------
    similarity : {"mse", "ncc", "lncc", "mk_lncc", "mind"}
        See `image_dissimilarity`.

    Raises
    ------
    ValueError
        For an unknown name; when called, if the mask or the images are missing.

    Examples
    --------
    >>> import tensorflow as tf
    >>> from dirv_tf.losses import MaskedLoss
    >>> fixed, mask = tf.zeros([1, 4, 4, 1]), tf.concat([tf.ones([1, 2, 4, 1]), tf.zeros([1, 2, 4, 1])], axis=1)
    >>> float(MaskedLoss()({"mask": mask}, {"fixed_images": (fixed,), "registered_images": (9 * (1 - mask),)}))
    0.0
    """

    def __init__(self, similarity: str = "mse", name: str = "masked_loss", **kwargs: Any):
        super().__init__(name=name, **kwargs)
        self.similarity = one_of(*SIMILARITIES)("similarity", similarity)

    def call(self, y_true: dict, y_pred: dict) -> tf.Tensor:
        check_outputs(y_pred, ("fixed_images", "registered_images"), "MaskedLoss")
        fixed, registered = (floating_tensor(y_pred[key][-1]) for key in ("fixed_images", "registered_images"))
        mask = annotation(y_true, "mask", "MaskedLoss")
        return tf.reduce_mean(image_dissimilarity(fixed, registered, self.similarity, mask))

    def get_config(self) -> dict:
        return {**super().get_config(), "similarity": self.similarity}
