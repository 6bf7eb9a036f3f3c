"""A level of an RWCNet: one recurrent network at one resolution."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import tensorflow as tf

from dirv_tf import geometry
from dirv_tf.layers import ConvGRU
from dirv_tf.layers.precision import split_policy
from dirv_tf.models.rwcnet.feature_network import FeatureNetwork
from dirv_tf.models.rwcnet.level_rules import MOTION
from dirv_tf.models.rwcnet.motion_encoder import FlowHead, MotionEncoder


class RecurrentLevel(tf.keras.layers.Layer):
    """Register a pair of images by steps of a recurrent unit, each of which compares the features as they lie now.

    Parameters
    ----------
    rank : {2, 3}
    steps : int
    radius : int
        Of the cost volume; 0: there is none, the unit sees the features of both images instead.
    features, hidden : int
        Channels of the features and of the hidden state.
    blocks : sequence of int
        Residual blocks of the two feature networks.
    flow_kernel : int
        Side of the first kernel over the field.
    measure : str
        How features are compared, see `geometry.cost_volume`.
    cost_gradient : bool
        Whether the features learn from the costs.
    dropout : float
    zero_start : bool
        Whether the level starts with a field of zeros.
    dtype : str or Keras policy
        Of the convolutions; fields, hidden states and costs stay float32.

    Notes
    -----
    Called on ``(fixed, moving)``, ``(B, n_1, ..., n_r, 1)``, or ``(fixed, moving, hidden)`` with the hidden state of
    the coarser level, ``(B, n_1, ..., n_r, hidden)``, which is added; in training with a seed for the dropout. Gives
    the field ``(B, n_1, ..., n_r, r)``, the last hidden state, and the mean length of every step, ``(B, steps)``.
    """

    def __init__(
        self,
        rank: int,
        steps: int,
        radius: int,
        features: int,
        hidden: int,
        blocks: Sequence[int],
        flow_kernel: int,
        measure: str,
        cost_gradient: bool,
        dropout: float,
        zero_start: bool,
        dtype: Any,
        **kwargs: Any,
    ):
        own_policy, layer_policy = split_policy(dtype)
        super().__init__(dtype=own_policy, **kwargs)
        self.rank, self.steps, self.radius = rank, steps, radius
        self.measure, self.cost_gradient = measure, cost_gradient
        filters = features if radius else features // 2
        self.channels = MOTION + features
        self.features = FeatureNetwork(rank, filters, blocks, dropout, layer_policy)
        self.context = FeatureNetwork(rank, hidden, blocks, 0.0, layer_policy)
        costs = (2 * radius + 1) ** rank if radius else 0
        self.encoder = MotionEncoder(rank, costs, flow_kernel, layer_policy)
        self.gru = ConvGRU(hidden, dtype=layer_policy)
        self.head = FlowHead(rank, hidden, zero_start, layer_policy, own_policy)

    def build(self, input_shape: Any = None) -> None:
        for part in (self.features, self.context, self.encoder, self.head):
            part.build()
        spatial = (None, *(None,) * self.rank)
        self.gru.build(((*spatial, self.gru.hidden), (*spatial, self.channels)))
        self.built = True

    def call(
        self, inputs: tuple[tf.Tensor, ...], seed: tf.Tensor | None = None
    ) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
        fixed, moving, *carried = inputs
        features = self.features_of(fixed, moving, seed)
        hidden = self.first_state(moving, *carried)
        field = tf.repeat(tf.zeros_like(fixed), self.rank, axis=-1)
        lengths = tf.zeros([tf.shape(fixed)[0], self.steps], field.dtype)

        def once_more(number, field, hidden, lengths):
            before = field
            field, hidden = self.step(features, field, hidden)
            length = tf.reduce_mean(tf.norm(tf.stop_gradient(field - before), axis=-1), axis=spatial)
            return number + 1, field, hidden, lengths + length[:, None] * tf.one_hot(number, self.steps)

        spatial = list(range(1, self.rank + 1))
        # A loop of the graph: steps written one behind the other take minutes to trace.
        state = (0, field, hidden, lengths)
        _, field, hidden, lengths = tf.while_loop(
            lambda number, *_: number < self.steps, once_more, state, maximum_iterations=self.steps
        )
        return field, hidden, lengths

    def features_of(
        self, fixed: tf.Tensor, moving: tf.Tensor, seed: tf.Tensor | None = None
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """Return the features of both images, by the same network."""
        features = self._float(self.features(tf.concat([fixed, moving], axis=0), seed=seed))
        return tuple(tf.split(features, 2))

    def first_state(self, moving: tf.Tensor, carried: tf.Tensor | None = None) -> tf.Tensor:
        """Return the hidden state before the first step; that of the coarser level is added."""
        hidden = tf.tanh(self._float(self.context(moving)))
        return hidden if carried is None else hidden + carried

    def step(
        self, features: tuple[tf.Tensor, tf.Tensor], field: tf.Tensor, hidden: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """Return field and hidden state after one step more."""
        fixed, moving = features
        warped = geometry.warp_image(moving, field)
        if self.radius:
            compared = (fixed, warped) if self.cost_gradient else (tf.stop_gradient(fixed), tf.stop_gradient(warped))
            motion = self.encoder((geometry.cost_volume(*compared, self.radius, self.measure), field))
            seen = [warped]
        else:
            motion, seen = self.encoder((field,)), [fixed, warped]
        hidden = self._float(self.gru((hidden, tf.concat([self._float(motion), *seen], axis=-1))))
        return field + self.head(hidden), hidden

    def _float(self, values):
        return tf.cast(values, self.compute_dtype)
