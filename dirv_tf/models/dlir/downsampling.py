"""How the stages of DLIR halve their features."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import tensorflow as tf

from dirv_tf.models.convolutions import average_pooling, convolution
from dirv_tf.models.dlir.stage_rules import STRIDED_KERNEL


def chain_with_downsamplings(
    convolutions: Sequence[tf.keras.layers.Layer],
    count: int,
    rank: int,
    filters: int,
    kind: str,
    initializer: str,
    policy: Any,
) -> list[tf.keras.layers.Layer]:
    """Return the layers with one that halves the features behind each of the first `count`.

    Parameters
    ----------
    convolutions : sequence of tf.keras.layers.Layer
    count, rank, filters : int
    kind : {"pool", "strided"}
    initializer, policy : str
        Of the new layers.
    """
    chain: list[tf.keras.layers.Layer] = []
    for number, layer in enumerate(convolutions):
        chain.append(layer)
        if number < count and kind == "pool":
            chain.append(average_pooling(rank, dtype=policy))
        elif number < count:
            options = {"strides": 2, "activation": "relu", "kernel_initializer": initializer, "dtype": policy}
            chain.append(convolution(rank, filters, STRIDED_KERNEL, **options))
    return chain
