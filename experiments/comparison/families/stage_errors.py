"""What each stage of a network that works in stages removes of the error."""

from __future__ import annotations

import tensorflow as tf

from dirv_tf.geometry import sample_control_points
from dirv_tf.losses import root_mean_square_error
from dirv_tf.metrics import reduction
from dirv_tf.models.registration_network import RegistrationNetwork
from experiments.comparison.pair_sets import Pairs


def stage_reductions(network: RegistrationNetwork, pairs: Pairs) -> list[float] | None:
    """Return ΔL_dis after every step of a network that is trained in stages, in one pass.

    Parameters
    ----------
    network : RegistrationNetwork
        For images of the pairs' size.
    pairs : Pairs

    Returns
    -------
    list of float or None
        In percent; the last one is that of the network. A stage that repeats itself has one number per step. None of
        networks of a single stage.
    """
    if len(network.stages) < 2:
        return None
    (fields,) = network((pairs.fixed, pairs.moving))["displacement_fields"]
    true = sample_control_points(tf.constant(pairs.flow_field), network.spacing_per_axis)
    before = tf.reduce_mean(root_mean_square_error(true, tf.zeros_like(true)))
    after = [tf.reduce_mean(root_mean_square_error(true, step)) for step in tf.unstack(fields, axis=1)]
    return [round(float(reduction(before, each)), 2) for each in after]
