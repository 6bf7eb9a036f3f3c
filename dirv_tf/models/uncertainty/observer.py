"""What a training's monitor shows of an `UncertaintyNetwork`."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from dirv_tf.models.network_observer import NetworkObserver


class UncertaintyObserver(NetworkObserver):
    """Observe an `UncertaintyNetwork`: the mean and the largest of what it predicts, beside what any network has."""

    def scalars(self, batch: Any, outputs: dict[str, Any]) -> dict[str, float]:
        deviation = outputs["standard_deviation"]
        return {
            **super().scalars(batch, outputs),
            "7 standard deviation (px)/mean": float(tf.reduce_mean(deviation)),
            "7 standard deviation (px)/largest": float(tf.reduce_max(deviation)),
        }
