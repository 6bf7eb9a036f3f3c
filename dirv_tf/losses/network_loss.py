"""What all losses of registration networks are derived from."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from dirv_tf.losses.arguments import refuse_sample_weight


class NetworkLoss(tf.keras.losses.Loss):
    """A loss that is called as ``loss(targets, outputs)`` with all outputs of a network, and gives a scalar.

    Derived classes implement ``call(targets, outputs)``. The class attributes say what else the rest of the package
    asks of a loss.

    Attributes
    ----------
    similarity : str or None
        By which measure it brings images closer to each other, see `dirv_tf.losses.image_dissimilarity`; None: by none.
    both_directions : bool
        Whether it wants a network to register both ways.

    Raises
    ------
    ValueError
        When called with weights of samples.

    Examples
    --------
    >>> import tensorflow as tf
    >>> from dirv_tf.losses import NetworkLoss
    >>> class LengthLoss(NetworkLoss):
    ...     def call(self, targets, outputs):
    ...         return tf.reduce_mean(tf.norm(outputs["flow_field"], axis=-1))
    >>> float(LengthLoss()(None, {"flow_field": tf.fill([1, 8, 8, 2], 1.0) * [3.0, 4.0]}))
    5.0
    """

    similarity: Any = None
    both_directions: bool = False

    # Past Keras, which would take the outputs apart and hand over one after the other.
    def __call__(self, y_true: Any, y_pred: dict, sample_weight: None = None) -> tf.Tensor:
        refuse_sample_weight(sample_weight, type(self).__name__)
        return self.call(y_true, y_pred)
