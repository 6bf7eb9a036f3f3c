"""Training steps: dirv_tf, the textbook, VoxelMorph and the machine's own ceiling, by turns."""

from __future__ import annotations

import numpy as np

from experiments.benchmark import ceiling
from experiments.benchmark.inference import registration
from experiments.benchmark.networks import pairs, ready_to_train, training_step, voxelmorph_network
from experiments.benchmark.operation_counts import unit_costs
from experiments.benchmark.rows import OURS, SETTINGS, Row, rows_of_times
from experiments.benchmark.timing import measure_by_turns, ratio, spread

SECTION = "training step"
FLOOR = "arithmetic floor"


def measure_training(plan):
    """Measure whole training steps on a prepared batch.

    Parameters
    ----------
    plan : Plan

    Returns
    -------
    list of Row
        The row `FLOOR` is the time that the counted operations take at the speed of the matrix product of the same
        turn; its ratio is the floor over dirv_tf's time.
    """
    side, batch = plan.training_side, plan.training_batch
    images, flow_field = pairs(side, 2, batch)
    network = {"units": plan.units, "experts": plan.experts}
    candidates = {
        name: training_step(ready_to_train(plan.run, **network, **settings), images, flow_field)
        for name, settings in SETTINGS.items()
    }
    candidates["VoxelMorph"] = training_step(voxelmorph_network(), images, flow_field)
    candidates["matrix product"], operations = ceiling.matrix_product()
    candidates["array sum"], walked = ceiling.array_sum()
    times = measure_by_turns(candidates, 2 * plan.seconds)

    costs = unit_costs(batch, (side, side), plan.experts)
    product = np.array(times["matrix product"])
    floor = product * (plan.units * costs.step_operations / operations)
    memory_floor = np.array(times["array sum"]) * (plan.units * costs.step_bytes / walked)
    notes = {
        OURS: f"{batch} pairs of {side}², {plan.units} units, {plan.experts} experts",
        "VoxelMorph": "unsupervised: mean square difference and smoothness",
        "matrix product": f"{operations / np.median(product) / 1e9:.0f} GFLOP/s",
        "array sum": f"{walked / np.median(times['array sum']) / 1e9:.1f} GB/s read and written",
    }
    rows = rows_of_times(SECTION, times, notes)
    for name, values, note in (
        (FLOOR, floor, f"{plan.units * costs.step_operations / 1e9:.1f} GFLOP at the matrix product's speed"),
        ("memory floor", memory_floor, f"{plan.units * costs.step_bytes / 1e9:.2f} GB at the array sum's speed"),
    ):
        rows.append(Row(SECTION, name, spread(1000 * values), ratio=ratio(values, times[OURS]), note=note))
    return rows


def measure_volumes(plan):
    """Measure a 3D network: a training step, and the registration of a single pair.

    Parameters
    ----------
    plan : Plan

    Returns
    -------
    list of Row
    """
    network = ready_to_train(plan.volume_run, units=plan.volume_units, experts=plan.experts)
    images, flow_field = pairs(plan.volume_side, 3, plan.volume_batch)
    side = f"{plan.volume_side}³"
    step = f"training step, {plan.volume_batch} pairs"
    candidates = {
        step: training_step(network, images, flow_field),
        "inference, one pair": registration(network, *(image[:1] for image in images)),
    }
    times = measure_by_turns(candidates, plan.seconds)
    note = f"network of {plan.volume_run}, {plan.volume_units} units"
    return rows_of_times(f"volumes {side}", times, dict.fromkeys(times, note))
