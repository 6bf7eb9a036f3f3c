"""What a training's monitor shows of an RWCNet: besides the fields, the steps that lead to them."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from dirv_tf.models.network_observer import NetworkObserver


class RWCNetObserver(NetworkObserver):
    """Observe an `RWCNet`: how far every step of the trained level goes; steps that do not shrink do not settle."""

    def scalars(self, batch: Any, outputs: dict[str, Any]) -> dict[str, float]:
        values = super().scalars(batch, outputs)
        level = outputs["displacement_fields"][0].shape[1] - 1
        lengths = tf.reduce_mean(outputs["stage"]["step_lengths"], axis=0).numpy()
        for step, length in enumerate(lengths, start=1):
            values[f"7 mean length of a step (px of the level), level{level}/step {step}"] = float(length)
        return values
