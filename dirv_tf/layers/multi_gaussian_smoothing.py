"""Smoothing by a sum of Gaussians as a Keras layer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import tensorflow as tf

from dirv_tf import geometry
from dirv_tf.geometry.multi_gaussian import CONTINUATIONS
from dirv_tf.validation import integer, list_of, number, one_of, optional


@tf.keras.utils.register_keras_serializable(package="dirv_tf")
class MultiGaussianSmoothing(tf.keras.layers.Layer):
    """Smooth every channel with a weighted sum of Gaussians, see `geometry.multi_gaussian_smoothing`.

    Parameters
    ----------
    deviations : sequence of float
        Standard deviations in units of the side of each axis.
    gaussian_weights : sequence of float
        One per deviation. The defaults are those of AVSM (Shen et al. 2019).
    boundary : {"periodic", "reflect"}
        How the values go on beyond the border.
    side : int or None
        Deviations count in sides of so many pixels; None: in those of the values.

    Raises
    ------
    ValueError
        If an argument is not legal; when called, if there is not one weight per deviation.

    Notes
    -----
    Input and output ``(B, n_1, ..., n_r, C)``, such as a momentum and its velocity.

    Examples
    --------
    >>> import tensorflow as tf
    >>> from dirv_tf.layers import MultiGaussianSmoothing
    >>> smoothed = MultiGaussianSmoothing([0.1], [1.0])(tf.one_hot([[[3, 4], [0, 1]]], 5))
    >>> tuple(smoothed.shape), abs(float(tf.reduce_sum(smoothed)) - 4) < 1e-5
    ((1, 2, 2, 5), True)
    """

    def __init__(
        self,
        deviations: Sequence[float] = (0.05, 0.1, 0.15, 0.2, 0.25),
        gaussian_weights: Sequence[float] = (0.067, 0.133, 0.2, 0.267, 0.333),
        boundary: str = "periodic",
        side: int | None = None,
        **kwargs: Any,
    ):
        super().__init__(**kwargs)
        self.deviations = list_of(number(above=0))("deviations", deviations)
        self.gaussian_weights = list_of(number(low=0))("gaussian_weights", gaussian_weights)
        self.boundary = one_of(*CONTINUATIONS)("boundary", boundary)
        self.side = optional(integer(2))("side", side)

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        return geometry.multi_gaussian_smoothing(
            inputs, self.deviations, self.gaussian_weights, self.boundary, self.side
        )

    def get_config(self) -> dict[str, Any]:
        names = "deviations", "gaussian_weights", "boundary", "side"
        return {**super().get_config(), **{name: getattr(self, name) for name in names}}
