"""Losses of networks that predict the standard deviation of a given field."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from dirv_tf.losses.arguments import check_outputs
from dirv_tf.losses.field_likelihood import correlated_noise, field_likelihood, gaussian_likelihood
from dirv_tf.losses.network_loss import NetworkLoss
from dirv_tf.losses.targets import true_flow_field
from dirv_tf.validation import number, optional

_OUTPUTS = ("flow_field", "standard_deviation")


@tf.keras.utils.register_keras_serializable(package="dirv_tf")
class FieldLikelihoodLoss(NetworkLoss):
    """Variational loss of a field and its standard deviation, from the images alone; see `field_likelihood`.

    Called as ``loss(targets, outputs)`` on the completed outputs of a network with a ``"standard_deviation"``; the
    targets are not looked at. One sample is drawn per call. Its seed follows from the outputs, so that every update
    has a new one, and a training that is repeated has the same.

    Parameters
    ----------
    weight : float
        ``lambda``, of the smoothness of the fields.
    image_variance : float
        Of the images' own noise, for intensities in [0, 1].
    width : float or None
        Correlation length of the fields in pixels; None: the side of the image divided by 12.

    Raises
    ------
    ValueError
        If an argument is out of its range; when called, if an output is missing.

    Examples
    --------
    >>> import tensorflow as tf
    >>> from dirv_tf.losses import FieldLikelihoodLoss
    >>> image, field = tf.ones([1, 16, 16, 1]), tf.zeros([1, 16, 16, 2])
    >>> outputs = {"flow_field": field, "standard_deviation": field + 1.0}
    >>> outputs.update(fixed_images=(image,), moving_images=(image,))
    >>> abs(float(FieldLikelihoodLoss(weight=0.0)(None, outputs))) < 1e-6
    True
    """

    def __init__(
        self,
        weight: float = 10.0,
        image_variance: float = 1e-4,
        width: float | None = None,
        name: str = "field_likelihood_loss",
        **kwargs: Any,
    ):
        super().__init__(name=name, **kwargs)
        self.weight = number(low=0)("weight", weight)
        self.image_variance = number(above=0)("image_variance", image_variance)
        self.width = optional(number(above=0))("width", width)

    def call(self, y_true: Any, y_pred: dict) -> tf.Tensor:
        check_outputs(y_pred, (*_OUTPUTS, "fixed_images", "moving_images"), "FieldLikelihoodLoss")
        field, deviation = (tf.convert_to_tensor(y_pred[key]) for key in _OUTPUTS)
        bits = tf.stack([tf.reduce_mean(tf.cast(each, tf.float32)) for each in (deviation, field)])
        noise = correlated_noise(tf.shape(field), tf.bitcast(tf.stop_gradient(bits), tf.int32), self.width)
        fixed, moving = (y_pred[key][-1] for key in ("fixed_images", "moving_images"))
        return tf.reduce_mean(
            field_likelihood(fixed, moving, field, deviation, noise, self.weight, self.image_variance, self.width)
        )

    def get_config(self) -> dict:
        arguments = {"weight": self.weight, "image_variance": self.image_variance, "width": self.width}
        return {**super().get_config(), **arguments}


@tf.keras.utils.register_keras_serializable(package="dirv_tf")
class GaussianLikelihoodLoss(NetworkLoss):
    """Negative log-likelihood of the true error under the predicted standard deviation; see `gaussian_likelihood`.

    Called as ``loss(targets, outputs)`` on the true flow field, alone or in a dictionary, and outputs with a
    ``"flow_field"`` and its ``"standard_deviation"``.

    Raises
    ------
    ValueError
        When called, if the true field or an output is missing, or they do not fit each other.

    Examples
    --------
    >>> import tensorflow as tf
    >>> from dirv_tf.losses import GaussianLikelihoodLoss
    >>> field = tf.zeros([1, 8, 8, 2])
    >>> float(GaussianLikelihoodLoss()(field + 1.0, {"flow_field": field, "standard_deviation": field + 1.0}))
    0.5
    """

    def __init__(self, name: str = "gaussian_likelihood_loss", **kwargs: Any):
        super().__init__(name=name, **kwargs)

    def call(self, y_true: Any, y_pred: dict) -> tf.Tensor:
        check_outputs(y_pred, _OUTPUTS, "GaussianLikelihoodLoss")
        true = true_flow_field(y_true)
        if true is None:
            raise ValueError("GaussianLikelihoodLoss needs the true flow field in the targets. Received: none")
        return tf.reduce_mean(gaussian_likelihood(true, *(y_pred[key] for key in _OUTPUTS)))
