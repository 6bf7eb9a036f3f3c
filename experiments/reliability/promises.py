"""What the pages of reliability promise, with the figure of a record and the command that measures it anew."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from experiments.folders import RECORDS
from experiments.reliability.nearly_identical import WITHOUT
from experiments.reliability.shared_settings import all_faults


class Promise(NamedTuple):
    """A line of the table at the beginning of the page.

    Attributes
    ----------
    promise : str
        What holds.
    record : str
        The record's name, without its ending.
    figure : callable
        Says in Markdown what the record says of it.
    command : str
        Behind `python -m experiments.`.
    page : str
        The link to the table and what it means.
    """

    promise: str
    record: str
    figure: Callable[[dict[str, Any]], str]
    command: str
    page: str


def table(results: Path = RECORDS) -> str:
    """Return the promises in Markdown, with a line break at the end.

    Parameters
    ----------
    results : path
        The folder of the records.
    """
    lines = ["| what holds | measured | command | where |", "|---|---|---|---|"]
    for each in PROMISES:
        record = json.loads((results / "reliability" / f"{each.record}.json").read_text(encoding="utf-8"))
        lines.append(f"| {each.promise} | {each.figure(record)} | `{each.command}` | {each.page} |")
    return "\n".join(lines) + "\n"


def _fuzz(record):
    rows = record["readers"].values()
    found = sum(len(row["undocumented"]) for row in rows)
    return f"{sum(row['mutations'] for row in rows):,} damaged files, {found} ended otherwise"


def _kills(record):
    return f"{record['kills']} kills, {record['faults']} faults"


def _shared(record):
    rows = ", ".join(row["name"] for row in record["rows"])
    return f"{record['steps']} steps: {rows}: losses differ by {_largest(record['rows'], 'loss')} at most"


def _worker_killed(record):
    kills = record["kills"]
    seconds = max(row["seconds_to_end"] for row in kills)
    return (
        f"{len(kills)} kills: the others ended within {seconds:.0f} s; gone on with, losses differ by "
        f"{_largest(kills, 'loss')}"
    )


def _settings(record):
    return f"{len(record['rows'])} runs, {len(record['grown'])} gone on with, {len(all_faults(record))} faults"


def _cluster(record):
    return (
        f"{record['killed']} of {record['workers']} workers killed: {record['done']} of {record['pairs']} pairs done "
        f"once, fields differ by {record['largest_difference']:g} px"
    )


def _slides(record):
    most = max(record[name]["memory_mb"] for name in ("register", "killed", "warp", "warp_jpeg"))
    kept, blocks = record["kept"]
    return f"{record['side']:,}² pixels: {most:,} MB; {kept} of {blocks} blocks kept from the kill"


def _cost(record):
    row = record["efforts"][0]
    return f"10,000 pairs, {row['effort']}: {row['cpu_seconds'] * 10_000 / 3600:.1f} core hours"


def _long_life(record):
    grown = max(row["grown_mb"] for row in record["models"])
    graphs = max(row["graphs"]["graphs"] for row in record["models"])
    first = record["models"][0]
    return (
        f"{first['registrations']:,} registrations of {first['sizes']} sizes: {grown:.0f} MB more after the first "
        f"{first['warm_after']}, {graphs} graphs"
    )


def _nearly_identical(record):
    rows = record["rows"]
    networks = [row for row in rows if row["model"] != WITHOUT]
    worse = sum(row["fault"] for row in networks)
    moved = max(row["largest_displacement"] for row in rows if row not in networks)
    names = {row["model"] for row in networks}
    return (
        f"{len(names)} networks, {len(networks)} registrations: {worse} worse than before; without a network moved by "
        f"{moved:.1g} px at most"
    )


def _repeated(record):
    families = [found for stack in record["stacks"] for found in stack["families"].values()]
    return f"{record['steps']} steps, {len(families)} curves: differ by {max(each['repeated'] for each in families):g}"


def _largest(rows, name):
    value = max(row[name] for row in rows)
    return f"{value:.1e}" if value else "0"


PROMISES = (
    Promise(
        "A damaged file is read or refused by the one error", "fuzz", _fuzz, "reliability.fuzz",
        "[Hostile files](#hostile-files)",
    ),
    Promise(
        "A killed process loses nothing that was finished", "kills", _kills, "reliability.kills --kills 100",
        "[Kills](reliability_faults.md#kills-measured)",
    ),
    Promise(
        "Several devices and workers train as one process", "workers", _shared, "reliability.workers",
        "[Training on several devices](distributed_training.md#measured)",
    ),
    Promise(
        "A worker that dies leaves a run that goes on", "workers", _worker_killed, "reliability.workers",
        "[When a worker ends](distributed_training.md#when-a-worker-ends)",
    ),
    Promise(
        "So do other settings and families, and runs that go on with more workers", "shared_settings", _settings,
        "reliability.shared_settings", "[Training on several devices](distributed_training.md#measured)",
    ),
    Promise(
        "A cluster does every pair once, though a worker dies", "dask", _cluster,
        "reliability.dask_cluster --pairs 200",
        "[A cluster](reliability_faults.md#a-cluster-measured)",
    ),
    Promise(
        "Whole slides take less than 2 GB and go on after a kill", "slides", _slides, "reliability.slides",
        "[Whole slides](slides.md#measured)",
    ),
    Promise(
        "What a cohort costs is known before", "many_pairs_cost", _cost, "reliability.many_pairs_cost",
        "[Many pairs](many_pairs.md#what-10000-pairs-cost)",
    ),
    Promise(
        "A process that lives long keeps little", "long_life", _long_life, "reliability.long_life",
        "[Long life](reliability_faults.md#long-life-measured)",
    ),
    Promise(
        "Images that fit already are not spoiled", "nearly_identical", _nearly_identical,
        "reliability.nearly_identical",
        "[Nearly identical images](#nearly-identical-images)",
    ),
    Promise(
        "The same seed gives the same curve", "curves", _repeated, "reliability.curves",
        "[The same curve again](#the-same-curve-again)",
    ),
)  # fmt: skip
