"""The targets that the project set itself, and whether this run met them."""

from __future__ import annotations

from typing import NamedTuple

from experiments.benchmark import first_answer, inference, step_memory, training_steps
from experiments.benchmark.rows import OURS, find

# Cost per pixel, largest over smallest, up to which it counts as flat.
_FLAT = 1.5


class Target(NamedTuple):
    """One target: its text, what was measured, the limit, and whether it was met."""

    text: str
    measured: float
    limit: float
    met: bool


def targets(rows):
    """Judge the targets whose quantities were measured.

    Parameters
    ----------
    rows : list of Row

    Returns
    -------
    list of Target
    """
    judged = []

    def at_least(text, measured, limit):
        judged.append(Target(f"{text}, at least {limit:g}", measured, limit, measured >= limit))

    def at_most(text, measured, limit):
        judged.append(Target(f"{text}, at most {limit:g}", measured, limit, measured <= limit))

    if row := find(rows, training_steps.SECTION, "textbook"):
        at_least("training step, times faster than the textbook", row.ratio.median, 1.8)
    if row := find(rows, training_steps.SECTION, training_steps.FLOOR):
        at_most("training step, times the arithmetic floor", 1 / row.ratio.median, 6)
    if row := find(rows, inference.section(256), OURS):
        at_least("inference of 256², pairs per second", 1000 / row.value.median, 15)
    if row := find(rows, inference.section(256), "VoxelMorph"):
        at_most("inference of 256², times VoxelMorph's time", 1 / row.ratio.median, 5)
    if (times := first_answer.times_the_import(rows, 512, 2)) is not None:
        at_most("first pair of 512² from the shell, times the import of TensorFlow", times, 2)
    section = first_answer.section(512, 2)
    new, repeated = (find(rows, section, name) for name in (first_answer.NEW, first_answer.REPEATED))
    if new is not None and repeated is not None:
        more = new.value.median - repeated.value.median
        at_most("pair of a new size, seconds more than of a repeated one", more, 0.5)
    if row := find(rows, step_memory.SECTION, "textbook"):
        at_least("peak memory of a training step, times less than the textbook", row.ratio.median, 2)
    costs = [row for row in rows if row.section == inference.PER_PIXEL]
    if len(costs) > 1:
        medians = [row.value.median for row in costs]
        text = f"cost per pixel from {costs[0].name} to {costs[-1].name}, largest over smallest"
        at_most(text, max(medians) / min(medians), _FLAT)
    return judged
