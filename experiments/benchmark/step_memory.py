"""Peak memory of training steps, in a process of its own."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from experiments.benchmark.fresh_process import run_python
from experiments.benchmark.rows import OURS, SETTINGS, Row
from experiments.benchmark.timing import Spread, spread

SECTION = "peak memory"
_STEPS = 3


def measure_memory(plan):
    """Measure by how much the first training steps raise the peak of a fresh process.

    Parameters
    ----------
    plan : Plan

    Returns
    -------
    list of Row

    Raises
    ------
    RuntimeError
        When a process fails; with what it said.
    """
    measured = {name: _in_fresh_process(name, plan) for name in plan.memory_of}
    ours = measured.pop(OURS)
    rows = [Row(SECTION, OURS, spread([ours]), "MiB", note=f"{plan.memory_batch} pairs of {plan.training_side}²")]
    for name, mebibytes in measured.items():
        share = mebibytes / ours
        rows.append(Row(SECTION, name, spread([mebibytes]), "MiB", Spread(share, share, share, 1)))
    return rows


def peak_mebibytes():
    """Return the highest memory use so far: of the GPU where TensorFlow sees one, of this process elsewhere."""
    import tensorflow as tf

    if tf.config.list_physical_devices("GPU"):
        return tf.config.experimental.get_memory_info("GPU:0")["peak"] / 2**20
    status = Path("/proc/self/status")
    if status.is_file():
        # Unlike Linux's ru_maxrss, it does not start with the peak of the process that started this one.
        line = next(line for line in status.read_text(encoding="utf-8").splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) / 2**10
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / 2**20 if sys.platform == "darwin" else peak / 2**10


def _in_fresh_process(name, plan):
    arguments = {"name": name, "run": plan.run, "units": plan.units, "experts": plan.experts}
    arguments.update(side=plan.training_side, batch=plan.memory_batch)
    _, said = run_python("-m", "experiments.benchmark.step_memory", json.dumps(arguments))
    return float(said.split()[-1])


def _steps(name, run, units, experts, side, batch):
    from experiments.benchmark.networks import pairs, ready_to_train, training_step

    network = ready_to_train(run, units=units, experts=experts, **SETTINGS[name])
    images, flow_field = pairs(side, 2, batch)
    before = peak_mebibytes()
    step = training_step(network, images, flow_field)
    for _ in range(_STEPS):
        step()
    return peak_mebibytes() - before


if __name__ == "__main__":
    print(_steps(**json.loads(sys.argv[1])))
