"""What each stage of a network that works in stages removes of the error."""

from __future__ import annotations

from typing import Any

import numpy as np
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
    return reductions_of([step_errors(network, network((pairs.fixed, pairs.moving)), tf.constant(pairs.flow_field))])


def step_errors(network: RegistrationNetwork, outputs: dict[str, Any], true: tf.Tensor) -> np.ndarray:
    """Return the displacement errors that no field and each step's field leave.

    Parameters
    ----------
    network : RegistrationNetwork
    outputs : dict
        Of the network.
    true : tf.Tensor, shape (B, n_1, ..., n_r, r), pixels

    Returns
    -------
    ndarray, shape (1 + steps, B), pixels
    """
    (fields,) = outputs["displacement_fields"]
    target = sample_control_points(true, network.spacing_per_axis)
    steps = [tf.zeros_like(target), *tf.unstack(fields, axis=1)]
    return np.stack([root_mean_square_error(target, step).numpy() for step in steps])


def reductions_of(errors: list[np.ndarray]) -> list[float]:
    """Return ΔL_dis after every step, percent, of `step_errors` of some batches."""
    before, *after = np.concatenate(errors, axis=1).mean(axis=1)
    return [round(float(reduction(before, each)), 2) for each in after]
