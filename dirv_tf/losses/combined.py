"""Weighted sum of displacement and intensity loss."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from dirv_tf.losses.displacement import DisplacementLoss
from dirv_tf.losses.intensity import IntensityLoss
from dirv_tf.losses.network_loss import NetworkLoss


@tf.keras.utils.register_keras_serializable(package="dirv_tf")
class CombinedLoss(NetworkLoss):
    """``displacement_weight * DisplacementLoss + intensity_weight * IntensityLoss``.

    Parameters
    ----------
    displacement_weight : float
        Weight of the displacement loss (pixels).
    intensity_weight : float
        Weight of the intensity loss (intensities in [0, 1]; 10 makes a gray-level error of 0.1 weigh as one pixel).
    unit_decay, spread_weight : float
        Of the displacement loss, see `DisplacementLoss`.

    Raises
    ------
    ValueError
        If a weight is negative or both are zero; when called, as the two losses do.

    Examples
    --------
    >>> import tensorflow as tf
    >>> from dirv_tf.losses import CombinedLoss
    >>> images = {"fixed_images": (tf.zeros([1, 16, 16, 1]),), "registered_images": (tf.fill([1, 16, 16, 1], 0.25),)}
    >>> outputs = {"displacement_fields": (tf.zeros([1, 3, 4, 4, 2]),), **images}
    >>> float(CombinedLoss(displacement_weight=1.0, intensity_weight=2.0)(tf.ones([1, 16, 16, 2]), outputs))
    1.5
    """

    similarity = "mse"

    def __init__(
        self,
        displacement_weight: float = 1.0,
        intensity_weight: float = 10.0,
        unit_decay: float = 0.0,
        spread_weight: float = 0.0,
        name: str = "combined_loss",
        **kwargs: Any,
    ):
        super().__init__(name=name, **kwargs)
        if min(displacement_weight, intensity_weight) < 0 or displacement_weight + intensity_weight == 0:
            raise ValueError(
                f"the weights must not be negative and not both zero. Received: "
                f"displacement_weight={displacement_weight}, intensity_weight={intensity_weight}"
            )
        self.displacement_weight = float(displacement_weight)
        self.intensity_weight = float(intensity_weight)
        self._displacement, self._intensity = DisplacementLoss(unit_decay, spread_weight), IntensityLoss()

    def call(self, y_true: tf.Tensor, y_pred: dict) -> tf.Tensor:
        # A loss of weight zero asks for nothing.
        weighted = ((self.displacement_weight, self._displacement), (self.intensity_weight, self._intensity))
        return tf.add_n([weight * loss(y_true, y_pred) for weight, loss in weighted if weight])

    def get_config(self) -> dict:
        return {
            **super().get_config(),
            "displacement_weight": self.displacement_weight,
            "intensity_weight": self.intensity_weight,
            "unit_decay": self._displacement.unit_decay,
            "spread_weight": self._displacement.spread_weight,
        }
