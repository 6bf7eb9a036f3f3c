"""The shipped real pairs, registered by every family: sections with landmarks, MR volumes with labels."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from dirv_tf.io.output_paths import check_output_folder
from dirv_tf.registration import register
from experiments.comparison.families.networks import ComparedNetwork
from experiments.comparison.families.record import Record
from experiments.comparison.families.ways import WAYS, default_weights
from experiments.comparison.real.judges import JUDGES
from experiments.comparison.real.labeled_pair import labeled
from experiments.comparison.real.measurement import measure_pairs
from experiments.comparison.real.methods import Answer, register_nothing
from experiments.comparison.real.pair_table import SETS, read_real_pairs
from experiments.comparison.real.prepared_pair import prepared
from experiments.comparison.stages import Stages

TITLES = {"histology": "Real sections, landmarks", "hippocampus": "Real MR volumes, labels"}
# No network has learned poses, so sections are aligned first; stains differ, so that their structure is compared.
_BEFORE = {"histology": {"align": "affine"}, "hippocampus": {}}
_OPTIMIZED = {"histology": {"similarity": "mind", "optimize": True}, "hippocampus": {"optimize": True}}
_REFERENCES = ("before", "aligned")
_READY = {"landmarks": prepared, "labels": labeled}


def compare_on_real_sets(
    names: Sequence[str],
    networks: Sequence[ComparedNetwork],
    folder: Path,
    count: int,
    wanted: Sequence[str] = WAYS,
    report: Callable[[str], None] = print,
) -> dict:
    """Register real pairs in every way that has no row yet.

    Parameters
    ----------
    names : sequence of str
        Of `TITLES`.
    networks : sequence of ComparedNetwork
        Each on the sets of its rank.
    folder : path
        Of comparison.json; see `compare_families`.
    count : int
        Pairs per set, spread over the shipped ones; all where there are fewer.
    wanted : sequence of str
        Which of `WAYS` are measured.
    report : callable
        Says a line of text.

    Returns
    -------
    dict
        The content of the record.

    Raises
    ------
    FileNotFoundError
        For an image or landmarks that are not there.
    ValueError
        For files that cannot be read.
    """
    record = Record(Path(check_output_folder(folder)))
    for network in networks:
        record.keep_network(network.name, network.facts)
    for name in names:
        table = read_real_pairs(SETS[name])
        chosen = np.unique(np.linspace(0, len(table) - 1, count).round().astype(int))
        pairs = [_READY[table[index].annotation](table[index]) for index in chosen]
        judge = JUDGES[table[0].annotation]
        what = {"title": TITLES[name], "pairs": len(pairs), "names": [pair.name for pair in pairs], "of": len(table)}
        record.open_set(name, what)
        ways = [
            (key, identity, run)
            for key, identity, run in _ways(name, networks, pairs[0].fixed.ndim)
            if key[1] in (*_REFERENCES, *wanted) and not record.has(name, key, identity)
        ]
        stages = Stages([1.0] * len(ways), report)
        for key, identity, run in ways:
            stages.begin(f"{name}: {key[0]}, {key[1]}")
            measured = measure_pairs(run, pairs, judge, stages.share)
            folded = [row["folded_percent"] for row in measured["pairs"]]
            columns = {
                **measured["summary"], "folded_percent": round(float(np.mean(folded)), 4),
                f"{judge.key}_pairs": [row[judge.key] for row in measured["pairs"]],
            }
            if key[1] == "aligned":
                # It is taken from a whole registration, whose time is not its own.
                columns.update(seconds=None, cpu_seconds=None)
            record.keep(name, key, identity, columns)
    record.write()
    report(f"Written: {record.file}")
    return record.content


def _ways(name: str, networks, rank: int) -> list[tuple[tuple[str, str], str, Callable[..., Any]]]:
    """Keys, identities and functions of the rows of a set."""
    before, after = _BEFORE[name], _OPTIMIZED[name]
    ways = [(("the pair as it is", "before"), "", register_nothing)]
    if before:
        ways.append((("alignment alone", "aligned"), default_weights(rank), _aligned(**before)))
    for network in networks:
        if network.facts["rank"] != rank:
            continue
        model, identity = {"model": network.network}, network.facts["sha256"]
        ways.append(((network.name, "once"), identity, _field_of(**model, **before)))
        ways.append(((network.name, "optimized"), identity, _field_of(**model, **before, **after)))
    return [
        *ways,
        (("register, fast", "register"), default_weights(rank), _field_of(effort="fast")),
        (("register", "register"), default_weights(rank), _field_of()),
    ]


def _field_of(**options):
    return lambda fixed, moving: Answer(register(fixed, moving, **options).flow_field)


def _aligned(**options):
    """The linear part alone of what the library's call finds."""

    def run(fixed, moving):
        linear = register(fixed, moving, effort="fast", **options).linear
        return Answer(linear.flow_field(fixed.shape))

    return run
