"""The rows of the benchmark's table."""

from __future__ import annotations

from typing import NamedTuple

from experiments.benchmark.timing import Spread, ratio, spread

OURS = "dirv_tf"
MIXED = "dirv_tf, mixed_bfloat16"
CHECKPOINTED = "dirv_tf, units checkpointed"
XLA = "dirv_tf, whole under XLA"
TEXTBOOK = "textbook"
# Arguments of `ready_to_train` by candidate; the others are compared with dirv_tf.
SETTINGS = {
    OURS: {},
    MIXED: {"dtype": "mixed_bfloat16"},
    CHECKPOINTED: {"checkpoint_units": True},
    TEXTBOOK: {"textbook": True},
}


class Row(NamedTuple):
    """One measured figure.

    Attributes
    ----------
    section, name : str
        What was measured, and of whom.
    value : Spread
    unit : str
    ratio : Spread or None
        Its value over dirv_tf's of the same turn.
    note : str
    """

    section: str
    name: str
    value: Spread
    unit: str = "ms"
    ratio: Spread | None = None
    note: str = ""


def rows_of_times(section, times, notes=None):
    """Make a row in milliseconds of every candidate, with ratios where dirv_tf is one of them.

    Parameters
    ----------
    section : str
    times : dict of str to list of float
        Seconds, from `measure_by_turns`.
    notes : dict of str to str, optional
        By candidate.

    Returns
    -------
    list of Row
    """
    ours = times.get(OURS)
    return [
        Row(
            section,
            name,
            spread([1000 * second for second in seconds]),
            ratio=ratio(seconds, ours) if ours is not None and name != OURS else None,
            note=(notes or {}).get(name, ""),
        )
        for name, seconds in times.items()
    ]


def find(rows, section, name):
    """Return the row of a section and a candidate, or None where it was not measured."""
    return next((row for row in rows if (row.section, row.name) == (section, name)), None)
