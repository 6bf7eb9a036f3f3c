"""Weighted sum of losses."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import tensorflow as tf

from dirv_tf.losses.network_loss import NetworkLoss
from dirv_tf.validation import list_of, number


@tf.keras.utils.register_keras_serializable(package="dirv_tf")
class WeightedLosses(NetworkLoss):
    """``sum_k weight_k loss_k``: the loss of a network's own family beside those of labels, landmarks or masks.

    Parameters
    ----------
    losses : sequence of tf.keras.losses.Loss
        Of `dirv_tf.losses` or alike, called as ``loss(targets, outputs)``.
    weights : sequence of float
        One for every loss, none negative.

    Attributes
    ----------
    similarity : str or None
        By which measure it brings images closer to each other, see `RegistrationNetwork.similarity`: that of the first
        loss that has one.
    both_directions : bool
        Whether one of the losses wants a network to register both ways.

    Raises
    ------
    ValueError
        If there is no loss, not one weight for every loss, or none above zero; when called, as the losses do.

    Examples
    --------
    >>> import tensorflow as tf
    >>> from dirv_tf.losses import IntensityLoss, SmoothnessLoss, WeightedLosses
    >>> images = {"fixed_images": (tf.zeros([1, 8, 8, 1]),), "registered_images": (tf.fill([1, 8, 8, 1], 0.25),)}
    >>> loss = WeightedLosses([IntensityLoss(), SmoothnessLoss()], [2.0, 0.1])
    >>> float(loss(None, {"flow_field": tf.zeros([1, 8, 8, 2]), **images}))
    0.5
    """

    def __init__(
        self,
        losses: Sequence[tf.keras.losses.Loss],
        weights: Sequence[float],
        name: str = "weighted_losses",
        **kwargs: Any,
    ):
        super().__init__(name=name, **kwargs)
        self.losses = tuple(losses)
        self.weights = list_of(number(low=0))("weights", weights)
        if len(self.losses) != len(self.weights):
            raise ValueError(
                "Expected one weight for every loss. "
                f"Received: {len(self.losses)} losses, weights={list(self.weights)}"
            )
        if not any(self.weights):
            raise ValueError(f"Expected a weight above zero. Received: weights={list(self.weights)}")
        self.similarity = next(filter(None, (getattr(loss, "similarity", None) for loss in self.losses)), None)
        self.both_directions = any(getattr(loss, "both_directions", False) for loss in self.losses)

    def call(self, y_true: Any, y_pred: dict) -> tf.Tensor:
        # A loss of weight zero asks for nothing.
        return tf.add_n([weight * loss(y_true, y_pred) for weight, loss in zip(self.weights, self.losses) if weight])

    def get_config(self) -> dict:
        members = [tf.keras.utils.serialize_keras_object(loss) for loss in self.losses]
        return {**super().get_config(), "losses": members, "weights": list(self.weights)}

    @classmethod
    def from_config(cls, config: dict) -> WeightedLosses:
        """Make the loss from what `get_config` returned."""
        members = [tf.keras.utils.deserialize_keras_object(loss) for loss in config["losses"]]
        return cls(**{**config, "losses": members})
