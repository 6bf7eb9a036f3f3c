"""The shipped weights checked: by their checksum, and by the row of the test that stands in their record."""

from __future__ import annotations

import gc
import json
import math
from typing import NamedTuple

from dirv_tf.models.weight_files import WeightFileError, read_card
from dirv_tf.validation import ConfigError
from experiments.comparison.stages import Stages
from experiments.reproduction.finished_run import load_network, repeat_test
from experiments.reproduction.record_comparison import TOLERANCE, largest_difference

# To build the graph of a network, beside the seconds of the tests in the records.
_GRAPH_SECONDS = 10.0
OK, DIFFERS, NOT_TESTED = "ok", "DIFFERS", "not tested"


class Verdict(NamedTuple):
    """What the check of one network said.

    Attributes
    ----------
    name : str
    state : {"ok", "DIFFERS", "not tested"}
    reason : str
        Why it is not ok; empty where it is.
    checksum : bool
        Whether the file has the checksum on its card, and holds the network of its run.
    pairs : int
        Tested.
    figure : str
        The figure that differs most from the record.
    recorded, measured : float
        Its two values, percent.
    """

    name: str
    state: str
    reason: str = ""
    checksum: bool = True
    pairs: int = 0
    figure: str = "–"
    recorded: float = math.nan
    measured: float = math.nan


def verify(runs, pairs=None, every_pair=False, say=print):
    """Check weights one after the other.

    Parameters
    ----------
    runs : sequence of FinishedRun
    pairs : int, optional
        Test the first so many pairs, of those runs that have a record of just as many. Default: those that the run
        tested after every epoch.
    every_pair : bool
        Test all pairs, whose row stands on the card.
    say : callable
        Says a line of text.

    Returns
    -------
    list of Verdict
    """
    counts = [None if every_pair else pairs or run.config.evaluation.validation_images for run in runs]
    stages = Stages([_seconds(run, count) for run, count in zip(runs, counts)], say)
    verdicts = []
    for run, count in zip(runs, counts):
        stages.begin(run.name)
        verdicts.append(_verdict(run, count))
        # A network and its graphs hold each other, and are of no use to the next one.
        gc.collect()
    return verdicts


def _verdict(run, count):
    try:
        card = read_card(run.weights)
        load_network(run)
    except WeightFileError as error:
        return Verdict(run.name, DIFFERS, str(error), checksum=False)
    total = run.total()
    if run.recorded(total) != card.get("metrics"):
        return Verdict(run.name, DIFFERS, f"the card has other metrics than the record {run.folder.metrics_json}")
    if count is not None and (count == 0 or run.recorded(count) is None):
        return Verdict(run.name, NOT_TESTED, f"no record of {count or 'a few'} pairs; --all tests {total:,}")
    try:
        measured, count, _ = repeat_test(run, count, progress=False)
    except ConfigError as error:
        return Verdict(run.name, NOT_TESTED, str(error))
    recorded = run.recorded(count)
    figure, difference = largest_difference(measured, recorded)
    # Not "difference > TOLERANCE", which a NaN would pass.
    agrees = difference <= TOLERANCE
    reason = "" if agrees else f"{figure} differs by {difference:.3f} points, {TOLERANCE} allowed"
    state = OK if agrees else DIFFERS
    return Verdict(run.name, state, reason, True, count, figure, recorded[figure], measured[figure])


def _seconds(run, count):
    """What a test may take, up to a factor: its graph, and a share of what the whole test of the run took."""
    record = json.loads(run.folder.metrics_json.read_text(encoding="utf-8"))
    total = record["test_images"]
    return _GRAPH_SECONDS + record["seconds"] * (total if count is None else count) / total


def table(verdicts):
    """Return what was found as lines of a table, and below it what is not ok.

    Parameters
    ----------
    verdicts : sequence of Verdict

    Returns
    -------
    list of str
    """
    rows = [("name", "checksum", "pairs", "figure", "recorded", "measured", "")]
    for each in verdicts:
        figures = ["–" if math.isnan(value) else f"{value:.2f} %" for value in (each.recorded, each.measured)]
        checksum = "ok" if each.checksum else "DIFFERS"
        rows.append((each.name, checksum, f"{each.pairs:,}" if each.pairs else "–", each.figure, *figures, each.state))
    widths = [max(map(len, column)) for column in zip(*rows)]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip() for row in rows]
    reasons = [f"{each.name}: {each.state}: {each.reason}" for each in verdicts if each.reason]
    return [*lines, *([""] if reasons else []), *reasons]
