"""The batch whose pictures are compared between epochs and runs (thesis 6.3)."""

from __future__ import annotations

from typing import Any, NamedTuple

import tensorflow as tf

from dirv_tf.losses.targets import true_flow_field


class FrozenBatch(NamedTuple):
    """Pairs that stay the same during a training.

    Attributes
    ----------
    fixed, moving : tf.Tensor, shape (B, n_1, ..., n_r, 1)
        Intensities in [0, 1].
    flow_field : None or tf.Tensor, shape (B, n_1, ..., n_r, r)
        True flow field in pixels, where it is known.
    targets : None, tf.Tensor or dict
        What losses take: the field, or a dictionary, see `dirv_tf.losses.targets`.
    given : None or tf.Tensor, shape (B, n_1, ..., n_r, r)
        Field that a network of uncertainty judges, pixels.
    """

    fixed: tf.Tensor
    moving: tf.Tensor
    flow_field: tf.Tensor | None = None
    targets: Any = None
    given: tf.Tensor | None = None

    @property
    def inputs(self):
        """What the network is called on: the pair, and the field to judge where there is one."""
        return (self.fixed, self.moving) if self.given is None else (self.fixed, self.moving, self.given)

    @property
    def rank(self):
        """Number of spatial axes, 2 or 3."""
        return self.fixed.shape.rank - 2

    def first(self, pairs):
        """Return the first `pairs` pairs, or all if there are fewer, as a FrozenBatch."""
        return FrozenBatch(*tf.nest.map_structure(lambda part: None if part is None else part[:pairs], tuple(self)))


def frozen_batch(element):
    """Check one dataset element and give its parts names.

    Parameters
    ----------
    element : tuple
        ``((fixed, moving), flow_field)``, or ``((fixed, moving),)`` where the truth is unknown; arrays as in
        `FrozenBatch`. In place of the field a dictionary of targets, see `dirv_tf.losses.targets`. A third input is
        a field to judge.

    Returns
    -------
    FrozenBatch

    Raises
    ------
    ValueError
        If the element has another structure or its shapes do not fit together.
    """
    expected = "`frozen_batch` must be one dataset element ((fixed, moving), flow_field) or ((fixed, moving),)"
    if not isinstance(element, (tuple, list)) or len(element) not in (1, 2):
        raise ValueError(f"{expected}. Received: frozen_batch of type {type(element).__name__}")
    if not isinstance(element[0], (tuple, list)) or len(element[0]) not in (2, 3):
        raise ValueError(f"{expected}. Received: a first entry of type {type(element[0]).__name__}")
    fixed, moving, *given = (tf.convert_to_tensor(image, tf.float32) for image in element[0])
    targets = element[1] if len(element) == 2 else None
    truth = true_flow_field(targets)
    flow_field = None if truth is None else tf.convert_to_tensor(truth, tf.float32)
    if fixed.shape.rank not in (4, 5) or fixed.shape[-1] != 1 or 0 in fixed.shape or moving.shape != fixed.shape:
        raise ValueError(
            "`fixed` and `moving` of the frozen batch must have one shape (B, n_1, ..., n_r, 1) with r = 2 or 3 and "
            f"B > 0. Received: fixed.shape={fixed.shape}, moving.shape={moving.shape}"
        )
    shape = (*fixed.shape[:-1], fixed.shape.rank - 2)
    if flow_field is not None and tuple(flow_field.shape) != shape:
        raise ValueError(
            f"`flow_field` of the frozen batch must have shape {shape}. Received: flow_field.shape={flow_field.shape}"
        )
    if given and tuple(given[0].shape) != shape:
        raise ValueError(
            f"The field to judge of the frozen batch must have shape {shape}. Received: shape={given[0].shape}"
        )
    return FrozenBatch(fixed, moving, flow_field, targets if isinstance(targets, dict) else flow_field, *given)
