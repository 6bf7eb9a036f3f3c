"""Weighted sum of displacement and intensity loss."""

from __future__ import annotations

import tensorflow as tf

from dirv_tf.losses.displacement import DisplacementLoss
from dirv_tf.losses.intensity import IntensityLoss


@tf.keras.utils.register_keras_serializable(package="dirv_tf")
class CombinedLoss(tf.keras.losses.Loss):
    """``displacement_weight * DisplacementLoss + intensity_weight * IntensityLoss``.

    Parameters
    ----------
    displacement_weight : float
        Weight of the displacement loss (pixels).
    intensity_weight : float
        Weight of the intensity loss (intensities in [0, 1]; 10 makes a gray-level error of 0.1 weigh as one pixel).
    unit_decay : float
        Of the displacement loss, see `DisplacementLoss`.

    Raises
    ------
    ValueError
        If a weight is negative or both are zero.
    """

    def __init__(
        self,
        displacement_weight: float = 1.0,
        intensity_weight: float = 10.0,
        unit_decay: float = 0.0,
        name: str = "combined_loss",
        **kwargs,
    ):
        super().__init__(name=name, **kwargs)
        if min(displacement_weight, intensity_weight) < 0 or displacement_weight + intensity_weight == 0:
            raise ValueError(
                f"the weights must not be negative and not both zero. Received: "
                f"displacement_weight={displacement_weight}, intensity_weight={intensity_weight}"
            )
        self.displacement_weight = float(displacement_weight)
        self.intensity_weight = float(intensity_weight)
        self._displacement, self._intensity = DisplacementLoss(unit_decay), IntensityLoss()

    def __call__(self, y_true, y_pred, sample_weight=None):
        return self.call(y_true, y_pred)

    def call(self, y_true, y_pred):
        return self.displacement_weight * self._displacement(y_true, y_pred) + self.intensity_weight * self._intensity(
            y_true, y_pred
        )

    def get_config(self):
        return {
            **super().get_config(),
            "displacement_weight": self.displacement_weight,
            "intensity_weight": self.intensity_weight,
            "unit_decay": self._displacement.unit_decay,
        }
