"""Which arithmetic a Keras policy asks of a variational unit, and which of its data term."""

from __future__ import annotations

from typing import Any

import tensorflow as tf


def split_policy(dtype: Any) -> tuple[str, str]:
    """Return the policy of everything that holds fields or coordinates, and that of the data term's experts.

    In 16 bits, the position of a pixel beyond 256 is wrong by a whole pixel. Under a mixed policy the fields, the
    warping and the regularizer therefore keep the precision of the variables; the data term's experts, where most of
    the time goes, follow the policy.

    Parameters
    ----------
    dtype : str, tf.keras.mixed_precision.Policy, dict or None
        As the argument `dtype` of a Keras layer; None: the global policy.

    Returns
    -------
    tuple of (str, str)
        Names of policies, such as ``("float32", "mixed_bfloat16")``.
    """
    if isinstance(dtype, dict):
        dtype = dtype["config"]["name"]
    if dtype is None:
        policy = tf.keras.mixed_precision.global_policy()
    else:
        policy = dtype if hasattr(dtype, "compute_dtype") else tf.keras.mixed_precision.Policy(dtype)
    return policy.variable_dtype, policy.name
