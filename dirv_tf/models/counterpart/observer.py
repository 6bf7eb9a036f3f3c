"""What a training's monitor shows of a `CounterpartNetwork`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import tensorflow as tf

from dirv_tf.models.network_observer import NetworkObserver


class CounterpartObserver(NetworkObserver):
    """Observe a `CounterpartNetwork`: how large its mask is, beside what its base has to show."""

    def scalars(self, batch: Any, outputs: dict[str, Any]) -> dict[str, float]:
        values = super().scalars(batch, outputs)
        if "counterpart_mask" in outputs:
            values["7 share without counterpart/mean"] = float(tf.reduce_mean(outputs["counterpart_mask"]))
        return values

    def pictures(self, outputs: dict[str, Any], epoch: int) -> Iterator[tuple[str, np.ndarray]]:
        yield from self.network.base_network.observer().pictures(outputs, epoch)
