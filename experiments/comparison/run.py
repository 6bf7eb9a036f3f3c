"""The comparison from start to end: tune, register the test pairs, write down."""

from __future__ import annotations

import datetime
import math

from dirv_tf.io.atomic_write import write_json, write_text
from dirv_tf.io.output_paths import check_output_folder
from dirv_tf.training.execution.environment import hardware, versions
from experiments.comparison.measurement import measure
from experiments.comparison.methods import METHODS, bound, one_core_each, tune
from experiments.comparison.networks import call_methods, network_methods
from experiments.comparison.pair_sets import draw, image_size
from experiments.comparison.stages import Stages
from experiments.comparison.table import markdown, text_lines


def compare(sets, networks, folder, trials, tuning_pairs, pairs, report=print, classical=True):
    """Compare tuned classical methods and networks on sets of pairs.

    Parameters
    ----------
    sets : sequence of PairSet
    networks : sequence of str
        Names of shipped networks.
    folder : str or Path
        Gets classical.json, classical.md and search.json, written anew after every set.
    trials, tuning_pairs : int
        Settings tried per method and set, and pairs each is tried on.
    pairs : int
        Test pairs per set.
    report : callable
        Says a line of text.
    classical : bool
        False: networks and the library's own call alone.

    Returns
    -------
    dict
        What classical.json holds.

    Raises
    ------
    ImportError
        Without SimpleITK.
    ValueError
        For no trial, an unknown network, or more pairs than there are.
    """
    folder = check_output_folder(folder)
    # "Per pair" is meant per core.
    one_core_each()
    tuned = METHODS if classical else ()
    others = [[*network_methods(networks, len(image_size(pair_set))), *call_methods()] for pair_set in sets]
    found, searches = [], []
    stages = Stages(_work(sets, len(tuned), [len(methods) for methods in others], trials * tuning_pairs, pairs), report)
    for pair_set, methods in zip(sets, others):
        report(f"{pair_set.name}: {pair_set.what}")
        testing = draw(pair_set, "test", pairs)
        tuning = draw(pair_set, "train", tuning_pairs) if tuned else None
        candidates = []
        for method in tuned:
            stages.begin(f"{pair_set.name}, {method.name}: tuning, {trials} trials on {tuning_pairs} pairs")
            results = tune(method, tuning, trials, progress=stages.share)
            searches.append({"set": pair_set.name, "method": method.name, "pairs": tuning_pairs, "trials": results})
            settings = results[0]["settings"]
            candidates.append((method.name, method.what, settings, bound(method, settings)))
        rows = []
        for name, what, settings, register in [*candidates, *methods]:
            stages.begin(f"{pair_set.name}, {name}: {pairs} test pairs")
            row = {"name": name, "what": what, "settings": settings}
            rows.append({**row, **measure(register, testing, stages.share)})
        size = list(testing.fixed.shape[1:-1])
        entry = {"name": pair_set.name, "what": pair_set.what, "pairs": pairs, "size": size, "methods": rows}
        found.append(entry)
        for line in text_lines(entry):
            report(line)
        result = _write(folder, found, searches)
    report(f"Written: {folder}/classical.md, classical.json and search.json")
    return result


def _work(sets, tuned, others, tuned_pairs, pairs):
    """The pixels of every stage: some methods are tuned, then they and the others register the test pairs."""
    counts = [[tuned_pairs] * tuned + [pairs] * (tuned + count) for count in others]
    return [math.prod(image_size(pair_set)) * each for pair_set, stages in zip(sets, counts) for each in stages]


def _write(folder, sets, searches):
    import SimpleITK

    date = datetime.datetime.now().astimezone().isoformat(timespec="seconds")
    itk = {"SimpleITK": SimpleITK.Version.VersionString()}
    result = {"sets": sets, "date": date, "versions": {**versions(), **itk}, "hardware": hardware()}
    write_json(folder / "search.json", {"searches": searches, "date": date})
    write_text(folder / "classical.md", markdown(result))
    write_json(folder / "classical.json", result)
    return result
