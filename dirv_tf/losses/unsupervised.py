"""Unsupervised loss: similarity of the images and smoothness of the field."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from dirv_tf.losses.arguments import check_outputs, floating_tensor
from dirv_tf.losses.bending_energy import bending_energy
from dirv_tf.losses.correlation import global_correlation
from dirv_tf.losses.first_differences import first_differences
from dirv_tf.losses.local_correlation import local_correlation, multi_kernel_correlation, windows_of_two_sizes
from dirv_tf.losses.masked_mean import mask_of, masked_mean
from dirv_tf.losses.network_loss import NetworkLoss
from dirv_tf.losses.self_similarity import self_similarity_difference
from dirv_tf.validation import number, one_of

# What is made small, from the fixed and the registered image and perhaps a mask, (B,).
_DISSIMILARITIES = {
    "mse": lambda fixed, registered, mask: masked_mean(tf.square(registered - fixed), mask),
    "ncc": lambda fixed, registered, mask: -global_correlation(fixed, registered, mask),
    "lncc": lambda fixed, registered, mask: 1 - local_correlation(fixed, registered, mask=mask),
    "mk_lncc": lambda fixed, registered, mask: multi_kernel_correlation(
        fixed, registered, windows_of_two_sizes(fixed.shape[1:-1]), mask=mask
    ),
    "mind": lambda fixed, registered, mask: self_similarity_difference(fixed, registered, mask=mask),
}
SIMILARITIES = tuple(_DISSIMILARITIES)
_REGULARIZERS = {
    "diffusion": lambda field: first_differences(field, power=2),
    "total_variation": lambda field: first_differences(field, power=1),
    "bending": bending_energy,
}
REGULARIZERS = tuple(_REGULARIZERS)


def image_dissimilarity(
    fixed: tf.Tensor, registered: tf.Tensor, similarity: str, mask: tf.Tensor | None = None
) -> tf.Tensor:
    """Return how unlike the images of every pair are, by one of several measures.

    Parameters
    ----------
    fixed, registered : tf.Tensor, shape (B, n_1, ..., n_r, C)
    similarity : {"mse", "ncc", "lncc", "mk_lncc", "mind"}
        Mean squared difference, negative correlation over the image, one minus the correlation in windows of nine
        pixels, the same in windows of two sizes that go with the image (whose sides must be known), or the mean squared
        difference of self-similarity features.
    mask : tf.Tensor, shape (B, n_1, ..., n_r, 1), optional
        Which pixels of the fixed image count, from 0 to 1; what the images show elsewhere does not matter. Default:
        all.

    Returns
    -------
    tf.Tensor, shape (B,)

    Raises
    ------
    ValueError
        For an unknown name, or a mask of another size than the images.

    Examples
    --------
    >>> image = tf.random.uniform([1, 16, 16, 1])
    >>> float(image_dissimilarity(image, image, "mse")[0])
    0.0
    """
    one_of(*SIMILARITIES)("similarity", similarity)
    fixed, registered = tf.convert_to_tensor(fixed), tf.convert_to_tensor(registered)
    return _DISSIMILARITIES[similarity](fixed, registered, None if mask is None else mask_of(fixed, mask))


def roughness(field: tf.Tensor, regularizer: str) -> tf.Tensor:
    """Return how rough the field of every pair is, (B,), by one of `REGULARIZERS`."""
    return _REGULARIZERS[regularizer](field)


@tf.keras.utils.register_keras_serializable(package="dirv_tf")
class UnsupervisedLoss(NetworkLoss):
    """Dissimilarity of fixed and registered image plus ``weight`` times the roughness of the field.

    Called as ``loss(None, outputs)`` on the outputs of a network (a true field may be given and is not used); gives a
    scalar. A network whose parts are trained one after the other, or that smooths something else than its flow field,
    says in the entry ``"stage"`` of its outputs what is compared: a dictionary with ``"fixed"``, ``"registered"`` and
    ``"field"``; without a field nothing is smoothed. Of any other network they are the images of the finest level and
    the flow field.

    Parameters
    ----------
    similarity : {"mse", "ncc", "lncc", "mk_lncc", "mind"}
        What is made small, see `image_dissimilarity`.
    regularizer : {"diffusion", "total_variation", "bending"}
        `first_differences`, squared or absolute, or `bending_energy`.
    weight : float
        Of the regularizer; 0: none.

    Raises
    ------
    ValueError
        For an unknown name or a negative weight; when called, if the outputs lack what is needed.

    Examples
    --------
    >>> import tensorflow as tf
    >>> from dirv_tf.losses import UnsupervisedLoss
    >>> image = tf.random.uniform([1, 16, 16, 1])
    >>> outputs = {"fixed_images": (image,), "registered_images": (image,), "flow_field": tf.zeros([1, 16, 16, 2])}
    >>> float(UnsupervisedLoss("mse")(None, outputs))
    0.0
    """

    def __init__(
        self,
        similarity: str = "mse",
        regularizer: str = "diffusion",
        weight: float = 0.01,
        name: str = "unsupervised_loss",
        **kwargs: Any,
    ):
        super().__init__(name=name, **kwargs)
        self.similarity = one_of(*SIMILARITIES)("similarity", similarity)
        self.regularizer = one_of(*REGULARIZERS)("regularizer", regularizer)
        self.weight = number(low=0)("weight", weight)

    def call(self, y_true: tf.Tensor | None, y_pred: dict) -> tf.Tensor:
        compared = _compared(y_pred)
        fixed, registered = (floating_tensor(compared[key]) for key in ("fixed", "registered"))
        loss = tf.reduce_mean(image_dissimilarity(fixed, registered, self.similarity))
        field = compared.get("field")
        if field is None or not self.weight:
            return loss
        return loss + self.weight * tf.reduce_mean(roughness(floating_tensor(field), self.regularizer))

    def get_config(self) -> dict:
        settings = {"similarity": self.similarity, "regularizer": self.regularizer, "weight": self.weight}
        return {**super().get_config(), **settings}


def _compared(outputs):
    if isinstance(outputs, dict) and "stage" in outputs:
        check_outputs(outputs["stage"], ("fixed", "registered"), "UnsupervisedLoss")
        return outputs["stage"]
    check_outputs(outputs, ("fixed_images", "registered_images", "flow_field"), "UnsupervisedLoss")
    return {
        "fixed": outputs["fixed_images"][-1],
        "registered": outputs["registered_images"][-1],
        "field": outputs["flow_field"],
    }
