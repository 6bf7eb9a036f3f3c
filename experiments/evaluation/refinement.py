"""Recurrent refinement (thesis 5.8) measured on the test pairs of a run, beside registering once."""

from __future__ import annotations

import time

import tensorflow as tf

from dirv_tf import geometry
from dirv_tf.losses.level_errors import root_mean_square_error
from dirv_tf.models import RecurrentRefinement
from dirv_tf.training.monitoring.frozen_batch import frozen_batch

# Thesis 5.8: at most 15 rounds; images of a batch go on together in batches of 20.
ROUNDS = 15
BATCH = 20
VARIANTS = {
    "once": "registered once, no refinement",
    "composed": "every image stops on its own; the moving image is warped once, by the composed field",
    "repeated": "every image stops on its own; the registered image is warped again every round (the thesis's way)",
    "repeated, per batch": f"as before, but {BATCH} images go on or stop together (the thesis's faster way)",
}


def refine_pairs(network, pairs, say=print):
    """Register pairs once and with each kind of refinement.

    Parameters
    ----------
    network : DIRVNet
    pairs : dirv_tf.datasets.PairBatches
    say : callable
        Says a line of text.

    Returns
    -------
    list of dict
        Per variant `name`, `what`; means over the pairs on the finest level, `l_int` (x 255), `dl_int_finest` (%) and,
        where the true fields are known, `l_dis` (px), `dl_dis_finest` (%); `rounds`, the mean number that was kept;
        `seconds` for all pairs, and `time_ratio` to registering once.
    """
    rows = []
    for number, (name, what) in enumerate(VARIANTS.items(), start=1):
        sums, seconds = _measure(_function(network, name), network, pairs)
        row = {"name": name, "what": what, **_figures(sums, pairs.count), "seconds": round(seconds, 2)}
        rows.append({**row, "time_ratio": round(seconds / (rows[0]["seconds"] if rows else seconds), 2)})
        errors = f", L_dis {row['l_dis']:.3f} px" if "l_dis" in row else ""
        say(
            f"{number} of {len(VARIANTS)}: {name:20} L_int {row['l_int']:.3f}{errors}, {row['rounds']:.2f} rounds, "
            f"{rows[-1]['time_ratio']:.1f} times the time of registering once"
        )
    return rows


def _function(network, name):
    refinement = RecurrentRefinement(
        network,
        rounds=1 if name == "once" else ROUNDS,
        composed=name in ("once", "composed"),
        per_image=name != "repeated, per batch",
    )
    image = tf.TensorSpec([None] * (network.rank + 1) + [1], tf.float32)

    @tf.function(input_signature=[image, image])
    def register(fixed, moving):
        if name != "once":
            return refinement((fixed, moving))
        flow_field = network((fixed, moving))["flow_field"]
        registered = geometry.warp_image(moving, flow_field)
        errors = [_intensity_error(fixed, each) for each in (moving, registered)]
        rounds = tf.ones_like(errors[0], tf.int32)
        return {"flow_field": flow_field, "rounds": rounds, "l_int": 255 * tf.stack(errors, axis=-1)}

    return register


def _measure(register, network, pairs):
    sums, seconds, ready = None, 0.0, False
    for element in pairs.evaluation():
        batch = frozen_batch(element)
        for first in range(0, batch.fixed.shape[0], BATCH):
            fixed, moving, true = (None if each is None else each[first : first + BATCH] for each in batch)
            if not ready:
                _prepare(register, fixed, moving)
                ready = True
            begun = time.perf_counter()
            outputs = {name: values.numpy() for name, values in register(fixed, moving).items()}
            seconds += time.perf_counter() - begun
            added = {"rounds": outputs["rounds"].sum(), "before": outputs["l_int"][:, 0].sum()}
            added["after"] = outputs["l_int"][:, 1].sum()
            if true is not None:
                added.update(_displacement_errors(true, outputs["flow_field"], network.spacing))
            sums = {name: float(value) + (sums[name] if sums else 0.0) for name, value in added.items()}
    return sums, seconds


def _prepare(register, fixed, moving):
    """Let XLA compile for every number of images that may still go on: no part of the time that is measured."""
    count, size = fixed.shape[0], 1
    while size < count:
        register(fixed[:size], moving[:size])
        size *= 2
    register(fixed, moving)


def _displacement_errors(true, predicted, spacing):
    true, predicted = (geometry.sample_control_points(field, spacing) for field in (true, tf.constant(predicted)))
    errors = {"field before": tf.zeros_like(true), "field after": predicted}
    return {name: tf.reduce_sum(root_mean_square_error(true, field)).numpy() for name, field in errors.items()}


def _figures(sums, count):
    figures = {"l_int": sums["after"] / count, "dl_int_finest": 100 * (1 - sums["after"] / sums["before"])}
    if "field after" in sums:
        figures["l_dis"] = sums["field after"] / count
        figures["dl_dis_finest"] = 100 * (1 - sums["field after"] / sums["field before"])
    return {**figures, "rounds": sums["rounds"] / count}


def _intensity_error(fixed, image):
    return tf.reduce_mean(tf.abs(image - fixed), axis=list(range(1, fixed.shape.rank)))
