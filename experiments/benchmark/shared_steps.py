"""Training steps that several virtual devices of this machine's processor share, in a process of its own."""

from __future__ import annotations

import functools
import json
import sys

import numpy as np

from experiments.benchmark.fresh_process import run_python
from experiments.benchmark.rows import Row
from experiments.benchmark.timing import measure_by_turns, spread

SECTION = "training step shared by virtual devices"


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
    arguments = {"run": plan.run, "units": plan.units, "experts": plan.experts, "seconds": 2 * plan.seconds}
    arguments.update(side=plan.training_side, batch=plan.training_batch, devices=plan.shared_devices)
    # TensorFlow parts the processor before it computes anything, or not at all.
    _, said = run_python("-m", "experiments.benchmark.shared_steps", json.dumps(arguments))
    times = json.loads(said.splitlines()[-1])
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


def _times(run, units, experts, side, batch, devices, seconds):
    import tensorflow as tf

    processor = tf.config.list_physical_devices("CPU")[0]
    tf.config.set_logical_device_configuration(processor, [tf.config.LogicalDeviceConfiguration()] * max(devices))
    from experiments.benchmark.networks import pairs, ready_to_train

    batches = tf.data.Dataset.from_tensors(pairs(side, 2, batch)).repeat()
    steps = {}
    for number in devices:
        strategy = tf.distribute.MirroredStrategy([f"CPU:{device}" for device in range(number)])
        with strategy.scope():
            network = ready_to_train(run, units=units, experts=experts)
        network.make_train_function()
        shared = iter(strategy.experimental_distribute_dataset(batches))
        steps[str(number)] = functools.partial(network.train_function, shared)
    return measure_by_turns(steps, seconds)


if __name__ == "__main__":
    print(json.dumps(_times(**json.loads(sys.argv[1]))))
