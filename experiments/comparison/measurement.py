"""A method on a set of pairs: what it removes of the errors, and how long a pair takes."""

from __future__ import annotations

import time

import numpy as np
import tensorflow as tf

from dirv_tf.geometry import sample_control_points, warp_image
from dirv_tf.metrics import RegistrationErrors


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


def reductions(flow_fields, pairs):
    """Return ΔL_int and ΔL_dis of flow fields as `RegistrationErrors` defines them on the finest level, in percent."""
    flow_fields = tf.constant(flow_fields, tf.float32)
    errors = RegistrationErrors(levels=1)
    outputs = {
        "flow_field": flow_fields,
        "displacement_fields": (sample_control_points(flow_fields)[:, tf.newaxis],),
        "fixed_images": (tf.constant(pairs.fixed),),
        "moving_images": (tf.constant(pairs.moving),),
        "registered_images": (warp_image(pairs.moving, flow_fields),),
    }
    errors.update_state(tf.constant(pairs.flow_field), outputs)
    figures = errors.result()
    return {key: round(float(figures[key]), 2) for key in ("dl_int_finest", "dl_dis_finest")}
