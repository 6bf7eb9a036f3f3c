"""Kills trainings and registrations at random, again and again, and says what was lost: nothing, it should be.

``python -m experiments.reliability.kills --kills 100`` kills a training, a registration and the registration of many
pairs, half of the times at any moment and half of the times inside of a write, begins each of them again until it is
finished, and compares the result with that of one that was never killed. Linux and macOS only: it forks.
"""

from __future__ import annotations

import argparse
import random
import shutil
import sys
import tempfile
import time
from pathlib import Path

from dirv_tf.cli.command_line import exit_status, prepare_process
from experiments.arguments import add_output, at_least, say

RECORD_NAME = "kills.json"
# A work is begun again so often; then it is carried out to its end, killed or not.
_MOST_STARTS = 8


def main(arguments=None):
    """Read the command line and carry out the campaign.

    Parameters
    ----------
    arguments : list of str, optional
        Default: those of this process.

    Returns
    -------
    int
        Exit status: 0 nothing was lost, 1 something was.
    """
    prepare_process()
    options = _parser().parse_args(arguments)
    record = kill_often(options.kills, options.output, options.seed, say)
    return 0 if record["faults"] == 0 else 1


def kill_often(kills, output, seed=1, report=print):
    """Carry out the campaign and write its record.

    Parameters
    ----------
    kills : int
        Processes to kill, of all kinds together.
    output : str or Path
        Folder of the record, `kills.json`.
    seed : int
        Of the moments.
    report : callable
        Says a line of text.

    Returns
    -------
    dict
        The record.
    """
    # What is loaded here, the processes that are killed need not load.
    import matplotlib.pyplot  # noqa: F401

    import dirv_tf.registration.pairs.register_pairs
    import dirv_tf.training.execution.run  # noqa: F401
    from dirv_tf.io.atomic_write import write_json
    from dirv_tf.io.output_paths import check_output_folder
    from dirv_tf.training.execution.environment import hardware, versions
    from experiments.reliability.kill_cases import CASES, write_inputs

    output, begun = check_output_folder(output), time.perf_counter()
    chance, rows = random.Random(seed), []
    with tempfile.TemporaryDirectory() as place:
        write_inputs(Path(place) / "inputs")
        for case in CASES:
            row = _killed(case, round(kills * case.share), Path(place), chance, report)
            rows.append(row)
            report(f"{row['kind']}: {row['kills']} kills, {len(row['faults'])} faults, {row['seconds']:.0f} s")
    record = {
        "kills": sum(row["kills"] for row in rows),
        "faults": sum(len(row["faults"]) for row in rows),
        "seed": seed,
        "seconds": round(time.perf_counter() - begun, 1),
        "kinds": rows,
        "versions": versions(),
        "hardware": hardware(),
    }
    write_json(output / RECORD_NAME, record)
    report(f"Written: {output / RECORD_NAME}")
    return record


def _killed(case, kills, place, chance, report):
    """Kill one kind of work so many times; a row of the record."""
    from experiments.reliability.killed_process import carry_out, kill_somewhere

    begun, folder, log = time.perf_counter(), place / case.name, place / f"{case.name}.txt"
    inputs, faults = place / "inputs", []
    counts = {"kills": 0, "in_a_write": 0, "finished_before": 0, "works": 0}
    whole = carry_out(case.arguments(folder, inputs), log)
    if whole.status != 0 or case.faults(folder):
        text = log.read_text(encoding="utf-8")[-2000:]
        raise RuntimeError(f"Expected a {case.name} that ends well. Received: status={whole.status}, {text}")
    expected = case.result(folder)
    while counts["kills"] < kills:
        if chance.random() < 0.5 or not case.replaces:
            shutil.rmtree(folder)
        counts["works"] += 1
        for _ in range(_MOST_STARTS):
            before = case.progress(folder)
            ended = kill_somewhere(case.arguments(folder, inputs), log, whole, chance)
            if ended.status is not None:
                counts["finished_before"] += 1
                faults += [] if ended.status == 0 else [f"exit status {ended.status}"]
            else:
                counts["kills"] += 1
                counts["in_a_write"] += ended.steps > 0
            faults += case.faults(folder) + case.lost(before, case.progress(folder))
            if case.is_finished(folder) or counts["kills"] == kills:
                break
        faults += _finished(case, folder, inputs, log, expected)
        report(f"{case.name}: {counts['kills']} of {kills} kills, {len(faults)} faults")
    seconds = round(time.perf_counter() - begun, 1)
    return {"kind": case.name, **counts, "faults": faults, "seconds": seconds, "whole_seconds": round(whole.seconds, 2)}


def _finished(case, folder, inputs, log, expected):
    """Carry a work out to its end, unless it is; what is then not as it would be without a kill."""
    from experiments.reliability.killed_process import carry_out

    before = case.progress(folder)
    if not (case.is_done_once and case.is_finished(folder)):
        ended = carry_out(case.arguments(folder, inputs), log)
        if ended.status != 0:
            return [f"exit status {ended.status}: {log.read_text(encoding='utf-8')[-500:]}"]
    faults = case.faults(folder) + case.lost(before, case.progress(folder))
    faults += [f"{name} is left behind" for name in case.left_behind(folder)]
    return faults + ([] if case.result(folder) == expected else [f"another result of the {case.name}"])


def _parser():
    parser = argparse.ArgumentParser(prog="python -m experiments.reliability.kills", description=__doc__.split("\n")[0])
    parser.add_argument("--kills", type=at_least(10), default=100, help="processes to kill (%(default)s)")
    parser.add_argument("--seed", type=int, default=1, help="of the moments (%(default)s)")
    add_output(parser, "reliability")
    return parser


if __name__ == "__main__":
    sys.exit(exit_status(main))
