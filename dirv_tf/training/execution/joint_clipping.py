"""Adam whose gradients are clipped by the norm that they have over all replicas."""

from __future__ import annotations

import tensorflow as tf

from dirv_tf.training.execution.environment import keras_version


class JointlyClippedAdam(tf.keras.optimizers.Adam):
    """Adam for several replicas, whose steps are those of one with the whole batch, also where gradients are clipped.

    Keras 2 adds up the gradients of the replicas and clips their sum. Keras 3 clips the part of each replica before
    that, whose norm says nothing about that of the sum; here it clips the sum as well.
    """

    def _clip_gradients(self, grads):
        context = tf.distribute.get_replica_context()
        if keras_version().startswith("2.") or self.global_clipnorm is None or context is None:
            return super()._clip_gradients(grads)
        clipped = super()._clip_gradients(context.all_reduce(tf.distribute.ReduceOp.SUM, list(grads)))
        # Keras adds up what all replicas return.
        return [gradient / context.num_replicas_in_sync for gradient in clipped]
