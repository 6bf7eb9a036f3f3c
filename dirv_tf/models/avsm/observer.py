"""What a training's monitor and a report show of an `AVSM`: its affine map, momenta and velocities."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
import tensorflow as tf

from dirv_tf.models.network_observer import NetworkObserver

if TYPE_CHECKING:
    from dirv_tf.models.avsm.network import AVSM


class AVSMObserver(NetworkObserver):
    """Observe an affine network and a momentum network.

    Scalars, beside those of every network: determinant of the affine map, length of its translation in percent of half
    a side, mean length of momenta and velocities of every step. Pictures: the velocity of every step of the first pair.

    Parameters
    ----------
    network : AVSM
    """

    network: AVSM

    def scalars(self, batch: Any, outputs: dict[str, Any]) -> dict[str, float]:
        stage = outputs["stage"]
        values = super().scalars(batch, outputs)
        values["7 affine map/determinant"] = _mean(tf.linalg.det(stage["matrix"]))
        values["7 affine map/translation (% of half a side)"] = 100 * _mean(tf.norm(stage["translation"], axis=-1))
        for key, what in (("momenta", "momentum"), ("velocities", "velocity")):
            for step, field in enumerate(stage.get(key, ())):
                values[f"7 mean length (% of the side)/{what} {step}"] = 100 * _mean(tf.norm(field, axis=-1))
        return values

    def pictures(self, outputs: dict[str, Any], epoch: int) -> Iterator[tuple[str, np.ndarray]]:
        # Matplotlib takes a second to load, which a training without pictures does not need.
        from dirv_tf import figures

        for step, velocity in enumerate(outputs["stage"].get("velocities", ())):
            in_pixels = velocity[0].numpy() * (np.array(velocity.shape[1:-1]) - 1)
            heading = f"epoch {epoch}: velocity of step {step}, pixels of its grid"
            figure = figures.flow_field_figure(in_pixels, None, heading)
            yield f"D velocity/step {step}", figures.figure_to_rgb(figure)


def _mean(values):
    return float(tf.reduce_mean(values))
