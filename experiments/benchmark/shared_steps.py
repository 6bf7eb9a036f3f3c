"""Training steps that several virtual devices of this machine's processor share, in processes of their own."""

from __future__ import annotations

import functools
import json
import sys

import numpy as np

from experiments.benchmark.fresh_process import run_python
from experiments.benchmark.rows import Row
from experiments.benchmark.timing import measure_by_turns, spread

SECTION = "training step shared by virtual devices"
# How often every number of devices has its turn, and steps per turn.
_TURNS, _STEPS = 2, 5


def measure_shared_steps(plan):
    """Measure how many pairs per second one, two and more virtual devices train on, by turns.

    They share the cores that one device uses as well: what more of them cost is what sharing costs.

    Parameters
    ----------
    plan : Plan

    Returns
    -------
    list of Row

    Raises
    ------
    RuntimeError
        When the process fails; with what it said.
    """
    arguments = {"run": plan.run, "units": plan.units, "experts": plan.experts}
    arguments.update(side=plan.training_side, batch=plan.training_batch)
    times: dict[str, list[float]] = {str(number): [] for number in plan.shared_devices}
    for _ in range(_TURNS):
        for number in plan.shared_devices:
            # TensorFlow parts the processor before it computes anything, or not at all; and groups of two and of four
            # devices cannot add up their gradients in one process.
            asked = json.dumps({**arguments, "devices": number})
            _, said = run_python("-m", "experiments.benchmark.shared_steps", asked)
            times[str(number)] += json.loads(said.splitlines()[-1])
    note = f"{plan.training_batch} pairs of {plan.training_side}² for all together"
    return rows_of_rates(times, plan.training_batch, note)


def rows_of_rates(times, batch, note):
    """Make a row in pairs per second for every number of devices; the ratios are those of the times.

    Parameters
    ----------
    times : dict of str to list of float
        Seconds by number of devices, from `measure_by_turns`.
    batch : int
        Pairs of a step.
    note : str
        For the first row.
    """
    names = list(times)
    first = np.array(times[names[0]])
    rows = []
    for name in names:
        rates = batch / np.array(times[name])
        said = note if name == names[0] else f"{np.median(times[name] / first):.2f} times the time of {names[0]} device"
        rows.append(Row(SECTION, f"{name} device{'s' * (name != '1')}", spread(rates), "pairs/s", note=said))
    return rows


def _times(run, units, experts, side, batch, devices):
    import tensorflow as tf

    processor = tf.config.list_physical_devices("CPU")[0]
    tf.config.set_logical_device_configuration(processor, [tf.config.LogicalDeviceConfiguration()] * devices)
    from experiments.benchmark.networks import pairs, ready_to_train

    batches = tf.data.Dataset.from_tensors(pairs(side, 2, batch)).repeat()
    strategy = tf.distribute.MirroredStrategy([f"CPU:{device}" for device in range(devices)])
    with strategy.scope():
        network = ready_to_train(run, units=units, experts=experts)
    network.make_train_function()
    shared = iter(strategy.experimental_distribute_dataset(batches))
    step = functools.partial(network.train_function, shared)
    return measure_by_turns({"step": step}, 0, least=_STEPS, most=_STEPS)["step"]


if __name__ == "__main__":
    print(json.dumps(_times(**json.loads(sys.argv[1]))))
