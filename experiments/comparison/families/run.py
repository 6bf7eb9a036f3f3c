"""The comparison from start to end: draw, tune, register, measure, keep."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from dirv_tf.io.output_paths import check_output_folder
from experiments.comparison.families.measurement import measure
from experiments.comparison.families.networks import ComparedNetwork
from experiments.comparison.families.pair_sets import SEED, TUNING_SEED, KnownSet, draw
from experiments.comparison.families.record import Record
from experiments.comparison.families.stage_errors import stage_reductions
from experiments.comparison.families.ways import CLASSICAL, WAYS, Way, classical_method, ways_of, with_settings
from experiments.comparison.methods import one_core_each, tune
from experiments.comparison.stages import Stages
from experiments.comparison.summary import RECORD as SEARCHED

TRIALS = 8
TUNING_PAIRS = 2
# Volumes take a hundred times as long as images, so that their pairs are fewer.
VOLUME_PAIRS = 4


def compare_families(
    sets: Sequence[KnownSet],
    networks: Sequence[ComparedNetwork],
    folder: Path,
    pairs: int,
    wanted: Sequence[str] = WAYS,
    report: Callable[[str], None] = print,
) -> dict:
    """Register the pairs of every set in every way that has no row yet.

    Parameters
    ----------
    sets : sequence of KnownSet
    networks : sequence of ComparedNetwork
    folder : path
        Gets comparison.json, written anew after every row. Rows that are there, of the same pairs and weights, stay.
    pairs : int
        Per set of images; of volumes at most `VOLUME_PAIRS`.
    wanted : sequence of str
        Which of `WAYS`, or of `CLASSICAL` methods by their names, are measured.
    report : callable
        Says a line of text.

    Returns
    -------
    dict
        The content of the record.

    Raises
    ------
    ImportError
        For classical methods without SimpleITK.
    ValueError
        For no pair, a file comparison.json that is something else, or one with rows of other pairs.
    """
    if pairs < 1:
        raise ValueError(f"Expected at least one pair. Received: pairs={pairs}")
    if {"classical", *CLASSICAL} & set(wanted):
        one_core_each()
    record = Record(Path(check_output_folder(folder)))
    for network in networks:
        record.keep_network(network.name, network.facts)
    missing: list[tuple[KnownSet, Way]] = []
    for known_set in sets:
        count = pairs_of(known_set, pairs)
        what = {"title": known_set.title, "pairs": count, "size": list(known_set.size), "seed": SEED}
        record.open_set(known_set.name, what)
        ways = [way for way in ways_of(networks, len(known_set.size)) if {way.way, way.name} & set(wanted)]
        missing += [(known_set, way) for way in ways if not record.has(known_set.name, way.key, way.identity)]
    report(f"{len(missing)} rows to measure; those of the record stay")
    stages = Stages([_work(known_set, way, pairs) for known_set, way in missing], report)
    drawn: tuple[KnownSet, object] | None = None
    for known_set, way in missing:
        if drawn is None or drawn[0] is not known_set:
            drawn = known_set, draw(known_set, pairs_of(known_set, pairs))
            lengths = np.linalg.norm(drawn[1].flow_field, axis=-1)
            entry = record.content["sets"][known_set.name]
            entry.update(mean_px=round(float(lengths.mean()), 3), largest_px=round(float(lengths.max()), 3))
        stages.begin(f"{known_set.name}: {way.name}, {way.way}")
        if way.register is None:
            way = with_settings(way, _settings(known_set, way.name, record, report))
        measured = measure(way.register, drawn[1], stages.share)
        if way.way == "once":
            measured["stage_dl_dis"] = stage_reductions(_network(networks, way.name), drawn[1])
        record.keep(known_set.name, way.key, way.identity, measured)
    record.write()
    report(f"Written: {record.file}")
    return record.content


def pairs_of(known_set: KnownSet, pairs: int) -> int:
    """Return how many pairs of a set are drawn."""
    return pairs if len(known_set.size) == 2 else min(pairs, VOLUME_PAIRS)


def _network(networks, name):
    return next(each.network for each in networks if each.name == name)


def _work(known_set, way, pairs):
    return pairs_of(known_set, pairs) * math.prod(known_set.size) * way.cost


def _settings(known_set, name, record, report):
    """Those that a search found for such pairs, or those that one finds now on other pairs."""
    known = record.settings(known_set.name)
    if name not in known:
        if known_set.tuned_as is not None:
            found = {"settings": recorded_settings(known_set.tuned_as, name), "tuned": "make classical"}
        else:
            report(f"  tuning: {TRIALS} trials on {TUNING_PAIRS} other pairs")
            best, *_ = tune(classical_method(name), draw(known_set, TUNING_PAIRS, TUNING_SEED), TRIALS)
            found = {"settings": best["settings"], "tuned": f"{TRIALS} trials on {TUNING_PAIRS} other pairs"}
        record.keep_settings(known_set.name, name, found)
    return known[name]["settings"]


def recorded_settings(set_name: str, method: str, file: Path = SEARCHED) -> dict:
    """Return the settings of a classical method that the search of ``make classical`` found best.

    Raises
    ------
    ValueError
        Where the record has no such set or method.
    """
    for entry in json.loads(file.read_text(encoding="utf-8"))["sets"]:
        for row in entry["methods"]:
            if (entry["name"], row["name"]) == (set_name, method):
                return row["settings"]
    raise ValueError(f"Expected a set and a method of {file.name}. Received: set={set_name!r}, method={method!r}")
