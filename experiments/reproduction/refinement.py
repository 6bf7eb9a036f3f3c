"""Recurrent refinement (thesis 5.8) measured on the test pairs of a run, beside registering once."""

from __future__ import annotations

import collections
import time
from typing import NamedTuple

import tensorflow as tf

from dirv_tf import geometry
from dirv_tf.losses import root_mean_square_error
from dirv_tf.metrics import METRIC_NAMES, intensity_difference, reduction
from dirv_tf.models import RecurrentRefinement
from dirv_tf.training.monitoring.frozen_batch import frozen_batch

# Thesis 5.8: at most 15 rounds; images of a batch go on together in batches of 20.
ROUNDS = 15
BATCH = 20


class Variant(NamedTuple):
    """A kind of refinement: arguments of `RecurrentRefinement`, and what it is in words."""

    what: str
    stop_rule: str | None
    composed: bool = False
    per_image: bool = True


VARIANTS = {
    "once": Variant("registered once, no refinement", None, composed=True),
    "composed": Variant(
        "every image stops on its own; the moving image is warped once, by the composed field", "intensity_error", True
    ),
    "repeated": Variant(
        "every image stops on its own; the registered image is warped again every round", "intensity_error"
    ),
    "repeated, per batch": Variant(
        f"as before, but {BATCH} images go on or stop together", "intensity_error", per_image=False
    ),
    "thesis": Variant(
        "the thesis's way: every image stops on its own, by the standard deviation of the difference; the registered "
        "image is warped again every round", "standard_deviation",
    ),
    "thesis, per batch": Variant(
        f"the thesis's faster way: as before, but {BATCH} images go on or stop together", "standard_deviation",
        per_image=False,
    ),
}


def refine_pairs(network, pairs, progress=None):
    """Register pairs once and with each kind of refinement, by turns, so that all meet the machine in the same state.

    Parameters
    ----------
    network : DIRVNet
    pairs : dirv_tf.datasets.PairBatches
    progress : dirv_tf.training.execution.progress.Progress, optional
        Told about every batch of `pairs`.

    Returns
    -------
    list of dict
        Per variant `name`, `what`, `stop_rule` (None where nothing is repeated); means over the pairs on the finest
        level, `l_int` (x 255), `dl_int_finest` (%) and, where the true fields are known, `l_dis` (px), `dl_dis_finest`
        (%); `rounds`, the mean number that was kept; `seconds` for all pairs, and `time_ratio` to registering once.
    """
    functions = {name: _function(network, name) for name in VARIANTS}
    sums = {name: collections.Counter() for name in VARIANTS}
    for step, element in enumerate(pairs.evaluation()):
        batch = frozen_batch(element)
        for first in range(0, batch.fixed.shape[0], BATCH):
            parts = batch.fixed, batch.moving, batch.flow_field
            part = [None if each is None else each[first : first + BATCH] for each in parts]
            for name, register in functions.items():
                if not sums[name]:
                    _prepare(register, *part[:2])
                sums[name].update(_measure(register, part, network.spacing))
        if progress:
            progress.on_test_batch_end(step)
    rows = [
        {"name": name, "what": variant.what, "stop_rule": variant.stop_rule, **_metrics(sums[name], pairs.count)}
        for name, variant in VARIANTS.items()
    ]
    return [{**row, "time_ratio": round(row["seconds"] / rows[0]["seconds"], 2)} for row in rows]


def refinement_lines(rows):
    """Return the rows of `refine_pairs` as a table, in lines of text."""
    keys = {"l_int": "l_int", "l_dis": "l_dis", "dl_int_finest": "dl_int", "dl_dis_finest": "dl_dis"}
    columns = {key: METRIC_NAMES[metric].heading for key, metric in keys.items()}
    columns.update(rounds="rounds", time_ratio="time")
    lines = [f"{'finest level':20}" + "".join(f"{name:>13}" for name in columns.values())]
    for row in rows:
        cells = (f"{row[key]:.2f}" if key in row else "–" for key in columns)
        lines.append(f"{row['name']:20}" + "".join(f"{cell:>13}" for cell in cells))
    return lines


def _function(network, name):
    variant = VARIANTS[name]
    if variant.stop_rule is not None:
        refinement = RecurrentRefinement(
            network, ROUNDS, composed=variant.composed, per_image=variant.per_image, stop_rule=variant.stop_rule
        )
    image = tf.TensorSpec([None] * (network.rank + 1) + [1], tf.float32)

    @tf.function(input_signature=[image, image])
    def register(fixed, moving):
        if variant.stop_rule is not None:
            return refinement((fixed, moving))
        flow_field = network((fixed, moving))["flow_field"]
        registered = geometry.warp_image(moving, flow_field)
        errors = [intensity_difference(fixed, each) for each in (moving, registered)]
        rounds = tf.ones_like(errors[0], tf.int32)
        return {"flow_field": flow_field, "rounds": rounds, "l_int": 255 * tf.stack(errors, axis=-1)}

    return register


def _measure(register, pairs, spacing):
    """Sums over some pairs: seconds, rounds, errors before and after."""
    fixed, moving, true = pairs
    begun = time.perf_counter()
    outputs = {name: values.numpy() for name, values in register(fixed, moving).items()}
    sums = {"seconds": time.perf_counter() - begun, "rounds": float(outputs["rounds"].sum())}
    sums["before"], sums["after"] = map(float, outputs["l_int"].sum(axis=0))
    if true is not None:
        fields = (true, tf.constant(outputs["flow_field"]))
        points = [geometry.sample_control_points(field, spacing) for field in fields]
        for name, field in (("field before", tf.zeros_like(points[0])), ("field after", points[1])):
            sums[name] = float(tf.reduce_sum(root_mean_square_error(points[0], field)))
    return sums


def _prepare(register, fixed, moving):
    """Let XLA compile for every number of images that may still go on: no part of the time that is measured."""
    count, size = fixed.shape[0], 1
    while size < count:
        register(fixed[:size], moving[:size])
        size *= 2
    register(fixed, moving)


def _metrics(sums, count):
    measured = {"l_int": sums["after"] / count, "dl_int_finest": float(reduction(sums["before"], sums["after"]))}
    if "field after" in sums:
        measured["l_dis"] = sums["field after"] / count
        measured["dl_dis_finest"] = float(reduction(sums["field before"], sums["field after"]))
    return {**measured, "rounds": sums["rounds"] / count, "seconds": round(sums["seconds"], 3)}
