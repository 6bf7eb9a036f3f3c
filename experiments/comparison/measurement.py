"""A method on a set of pairs: what it removes of the errors, and how long a pair takes."""

from __future__ import annotations

import time
from collections.abc import Sequence

import numpy as np
import tensorflow as tf

from dirv_tf.geometry import sample_control_points, warp_image
from dirv_tf.losses import intensity_errors, root_mean_square_error
from dirv_tf.metrics import reduction
from dirv_tf.metrics.names import FINEST


def measure(register, pairs, progress=lambda done, total: None):
    """Register pairs one by one.

    Parameters
    ----------
    register : callable
        From a fixed and a moving image, (n_1, ..., n_r), to a flow field, (n_1, ..., n_r, r). It is called once more
        than there are pairs: what it prepares on its first call is not in the times.
    pairs : Pairs
    progress : callable
        Told the number of pairs done and of all pairs.

    Returns
    -------
    dict
        `dl_int_finest`, `dl_dis_finest` in percent, `seconds_per_pair`, and `cpu_seconds_per_pair`: those that the
        cores worked, which other jobs on the machine prolong far less.
    """
    register(pairs.fixed[0, ..., 0], pairs.moving[0, ..., 0])
    fields, seconds, cpu_seconds = [], 0.0, 0.0
    for number, (fixed, moving) in enumerate(zip(pairs.fixed[..., 0], pairs.moving[..., 0]), start=1):
        begun, cpu_begun = time.perf_counter(), time.process_time()
        fields.append(register(fixed, moving))
        seconds += time.perf_counter() - begun
        cpu_seconds += time.process_time() - cpu_begun
        progress(number, len(pairs.fixed))
    times = {"seconds_per_pair": seconds, "cpu_seconds_per_pair": cpu_seconds}
    return {
        **reductions(np.stack(fields), pairs),
        **{name: round(value / len(pairs.fixed), 4) for name, value in times.items()},
    }


def shown(flow_field: np.ndarray, moving_size: Sequence[int]) -> np.ndarray:
    """Return where a moving image shows what the fixed one does: where a field stays within it.

    Parameters
    ----------
    flow_field : ndarray, shape (..., n_1, ..., n_r, r), pixels
    moving_size : sequence of int, length r

    Returns
    -------
    ndarray of bool, shape (..., n_1, ..., n_r)
    """
    places = np.stack(np.indices(flow_field.shape[-1 - len(moving_size) : -1]), axis=-1) + flow_field
    return ((places >= 0) & (places <= np.array(moving_size) - 1)).all(axis=-1)


def reductions(flow_fields, pairs):
    """Return ΔL_int and ΔL_dis of flow fields as `RegistrationErrors` defines them on the finest level, in percent."""
    flow_fields = tf.constant(flow_fields, tf.float32)
    registered = warp_image(pairs.moving, flow_fields)
    intensity = [intensity_errors([pairs.fixed], [image])[0] for image in (pairs.moving, registered)]
    true, found = (sample_control_points(field) for field in (pairs.flow_field, flow_fields))
    displacement = [root_mean_square_error(true, points) for points in (tf.zeros_like(found), found)]
    errors = {"dl_int": intensity, "dl_dis": displacement}
    means = {key: [tf.reduce_mean(each) for each in before_and_after] for key, before_and_after in errors.items()}
    return {key + FINEST: round(float(reduction(*values)), 2) for key, values in means.items()}
