"""What a training's monitor and a report show of a network besides its losses."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
import tensorflow as tf

if TYPE_CHECKING:
    from dirv_tf.models.registration_network import RegistrationNetwork


class NetworkObserver:
    """Observe any registration network: the length of its field after every stage, and the gradient of its loss.

    A family with more to show, such as learned functions, returns its own observer from `RegistrationNetwork.observer`.

    Parameters
    ----------
    network : RegistrationNetwork
    """

    def __init__(self, network: RegistrationNetwork):
        self.network = network

    def scalars(self, batch: Any, outputs: dict[str, Any]) -> dict[str, float]:
        """Return numbers by their TensorBoard tag.

        Parameters
        ----------
        batch : FrozenBatch
            Pairs, with what the network is called on as `inputs` and what losses take as `targets`.
        outputs : dict
            Completed outputs of the network for them.

        Returns
        -------
        dict of str to float
        """
        values = {}
        for level, fields in enumerate(outputs["displacement_fields"]):
            lengths = tf.reduce_mean(tf.norm(fields, axis=-1), axis=[0, *range(2, fields.shape.rank - 1)])
            for stage, length in enumerate(lengths.numpy()):
                values[f"6 mean length of the field (px), level {level}/stage {stage}"] = float(length)
        norm = self._gradient_norm(batch)
        if norm is not None:
            values["8 training/gradient norm"] = norm
        return values

    def pictures(self, outputs: dict[str, Any], epoch: int) -> Iterator[tuple[str, np.ndarray]]:
        """Yield pairs of a TensorBoard tag and a picture, uint8 (height, width, 3); by default none.

        Parameters
        ----------
        outputs : dict
            Completed outputs of the network for some pairs.
        epoch : int
            Epochs finished, for the headings.
        """
        yield from ()

    def _gradient_norm(self, batch):
        loss = self.network._registration_loss
        variables = self.network.trainable_variables
        if loss is None or not variables:
            return None
        inputs = batch.inputs
        with tf.GradientTape() as tape:
            value = loss(batch.targets, self.network.completed(inputs, self.network(inputs, training=True)))
        gradients = [gradient for gradient in tape.gradient(value, variables) if gradient is not None]
        return float(tf.linalg.global_norm(gradients)) if gradients else 0.0
