"""How the time of a training step grows with units and experts."""

from __future__ import annotations

import numpy as np

from experiments.benchmark.networks import pairs, ready_to_train, training_step
from experiments.benchmark.rows import Row
from experiments.benchmark.timing import measure_by_turns, spread

UNITS, EXPERTS = "training step by units", "training step by experts"


def measure_scaling(plan):
    """Measure training steps of networks with more and fewer units and experts.

    Parameters
    ----------
    plan : Plan

    Returns
    -------
    list of Row
        Named by the number; the notes tell how far the time is from the straight line through all.
    """
    images, flow_field = pairs(plan.training_side, 2, plan.training_batch)
    shapes = {(units, plan.experts) for units in plan.scaled_units}
    shapes |= {(plan.units, experts) for experts in plan.scaled_experts}
    steps = {
        shape: training_step(ready_to_train(plan.run, units=shape[0], experts=shape[1]), images, flow_field)
        for shape in sorted(shapes)
    }
    times = measure_by_turns(steps, 2 * plan.seconds)
    return [
        *_rows(UNITS, plan.scaled_units, [times[units, plan.experts] for units in plan.scaled_units]),
        *_rows(EXPERTS, plan.scaled_experts, [times[plan.units, experts] for experts in plan.scaled_experts]),
    ]


def _rows(section, numbers, times):
    if not numbers:
        return []
    spreads = [spread([1000 * second for second in seconds]) for seconds in times]
    medians = np.array([value.median for value in spreads])
    line = np.polyval(np.polyfit(numbers, medians, 1), numbers)
    return [
        Row(section, str(number), value, note=f"{100 * (value.median / fitted - 1):+.1f} % from the straight line")
        for number, value, fitted in zip(numbers, spreads, line)
    ]
