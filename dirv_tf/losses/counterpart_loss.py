"""Loss of the images where they have a counterpart in each other, and of the mask that says where they have none."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from dirv_tf.losses.arguments import check_outputs, floating_tensor
from dirv_tf.losses.bending_energy import difference
from dirv_tf.losses.masked_mean import mask_of
from dirv_tf.losses.network_loss import NetworkLoss
from dirv_tf.losses.targets import annotation
from dirv_tf.losses.unsupervised import SIMILARITIES, image_dissimilarity
from dirv_tf.validation import number, one_of

# Probabilities are kept so far from 0 and 1 where their logarithm is taken.
_LEAST = 1e-6


def mask_volume(mask: tf.Tensor) -> tf.Tensor:
    """Return the share of the image that a mask covers, its mean.

    Parameters
    ----------
    mask : tf.Tensor, shape (B, n_1, ..., n_r, 1)
        From 0 to 1.

    Returns
    -------
    tf.Tensor, shape (B,)

    Examples
    --------
    >>> float(mask_volume(tf.ones([1, 8, 8, 1]))[0])
    1.0
    """
    mask = floating_tensor(mask)
    return tf.reduce_mean(mask, axis=list(range(1, mask.shape.rank)))


def mask_perimeter(mask: tf.Tensor) -> tf.Tensor:
    """Return the length of a mask's border per pixel of the image: its total variation, axis by axis.

    Of a square of side a, ``4 a`` divided by the pixels of the image; of a cube, its surface ``6 a^2``.

    Parameters
    ----------
    mask : tf.Tensor, shape (B, n_1, ..., n_r, 1)
        From 0 to 1; every side at least 2 pixels. What lies on the border of the image has no border there.

    Returns
    -------
    tf.Tensor, shape (B,)
        Pixels of border per pixel.

    Examples
    --------
    >>> square = tf.pad(tf.ones([1, 4, 4, 1]), [[0, 0], [2, 2], [2, 2], [0, 0]])
    >>> float(mask_perimeter(square)[0]) * 64
    16.0
    """
    mask = floating_tensor(mask)
    axes = list(range(1, mask.shape.rank))
    pixels = tf.cast(tf.reduce_prod(tf.shape(mask)[1:]), mask.dtype)
    steps = [tf.reduce_sum(tf.abs(difference(mask, axis)), axis=axes) for axis in axes[:-1]]
    return tf.add_n(steps) / pixels


@tf.keras.utils.register_keras_serializable(package="dirv_tf")
class CounterpartLoss(NetworkLoss):
    """How unlike the images are outside the mask that a network predicts, and how large and long that mask is.

    ``D(F, M warped; 1 - m) + volume mean(m) + perimeter TV(m) + supervision CE(m, l)``, of which the distance D is
    normalized by the sum of its weights. Called as ``loss(targets, outputs)``; gives a scalar. The penalties keep the
    mask from covering whatever does not fit.

    Parameters
    ----------
    similarity : {"mse", "ncc", "lncc", "mk_lncc", "mind"}
        See `image_dissimilarity`.
    volume, perimeter : float
        Weights of `mask_volume` and `mask_perimeter`.
    supervision : float
        Weight of the mean cross-entropy between the mask and the ``"lesion"`` among the targets. Above 0, the lesion is
        known to have no counterpart, and never counts in the distance; 0: it is not looked at.

    Raises
    ------
    ValueError
        For an unknown name or a negative weight; when called, if the images are missing, or the lesion is needed and
        unknown.

    Notes
    -----
    Outputs without a ``"counterpart_mask"``, of a `CounterpartNetwork` of which the part that registers is trained
    alone, have no such terms: all pixels count, but those of lesions that are known.

    References
    ----------
    Andresen et al., "Deep learning-based simultaneous registration and unsupervised non-correspondence segmentation of
    medical images with pathologies", International Journal of Computer Assisted Radiology and Surgery 17, 2022, for the
    masked distance, both penalties and the training in two phases.

    Examples
    --------
    >>> import tensorflow as tf
    >>> from dirv_tf.losses import CounterpartLoss
    >>> fixed, mask = tf.zeros([1, 4, 4, 1]), tf.concat([tf.ones([1, 2, 4, 1]), tf.zeros([1, 2, 4, 1])], axis=1)
    >>> outputs = {"fixed_images": (fixed,), "registered_images": (9 * mask,), "counterpart_mask": mask}
    >>> float(CounterpartLoss(volume=0.5, perimeter=0.0)(None, outputs))
    0.25
    """

    def __init__(
        self,
        similarity: str = "mse",
        volume: float = 0.01,
        perimeter: float = 0.01,
        supervision: float = 0.0,
        name: str = "counterpart_loss",
        **kwargs: Any,
    ):
        super().__init__(name=name, **kwargs)
        self.similarity = one_of(*SIMILARITIES)("similarity", similarity)
        self.volume, self.perimeter = number(low=0)("volume", volume), number(low=0)("perimeter", perimeter)
        self.supervision = number(low=0)("supervision", supervision)

    def call(self, y_true: Any, y_pred: dict) -> tf.Tensor:
        check_outputs(y_pred, ("fixed_images", "registered_images"), "CounterpartLoss")
        fixed, registered = (floating_tensor(y_pred[key][-1]) for key in ("fixed_images", "registered_images"))
        lesion = mask_of(fixed, annotation(y_true, "lesion", "CounterpartLoss")) if self.supervision else None
        mask = y_pred.get("counterpart_mask")
        if mask is None:
            counted = None if lesion is None else 1 - lesion
            return tf.reduce_mean(image_dissimilarity(fixed, registered, self.similarity, counted))
        mask = mask_of(fixed, mask)
        counted = 1 - mask if lesion is None else (1 - mask) * (1 - lesion)
        loss = image_dissimilarity(fixed, registered, self.similarity, counted)
        loss += self.volume * mask_volume(mask) + self.perimeter * mask_perimeter(mask)
        loss = tf.reduce_mean(loss)
        return loss if lesion is None else loss + self.supervision * tf.reduce_mean(_cross_entropy(mask, lesion))

    def get_config(self) -> dict:
        weights = {"volume": self.volume, "perimeter": self.perimeter, "supervision": self.supervision}
        return {**super().get_config(), "similarity": self.similarity, **weights}


def _cross_entropy(mask, lesion):
    mask = tf.clip_by_value(mask, _LEAST, 1 - _LEAST)
    return -(lesion * tf.math.log(mask) + (1 - lesion) * tf.math.log(1 - mask))
