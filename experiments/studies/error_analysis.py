"""What is left of the errors of shipped networks: `make error-analysis`."""

from __future__ import annotations

import argparse
import datetime
import sys
from pathlib import Path

import numpy as np

from dirv_tf.cli.command_line import prepare_process
from dirv_tf.io.atomic_write import write_json
from dirv_tf.models.weight_files import read_card
from dirv_tf.training.execution.building import testing_pairs
from dirv_tf.training.execution.environment import hardware, versions
from experiments.arguments import at_least, say
from experiments.folders import OUTPUT
from experiments.reproduction.finished_run import FinishedRun, find_run, load_network
from experiments.studies.error_measures import PairMeasures, leakage

RUNS = ("A-6", "A-1", "B-1")
PAIRS = 2000
_EPILOG = """\
Registers the first test pairs of each run with its shipped weights, and measures how much the errors spread, how large
they are relative to no registration, where they lie, how they grow with the displacement, whether the two losses go
together (thesis 7.1 and 7.2), and how much of a displacement along one axis is found along the other (Fig. 19).
"""


def analyze(run: FinishedRun, count: int) -> dict:
    """Measure what a run's network leaves of the errors of its test pairs.

    Parameters
    ----------
    run : FinishedRun
    count : int
        Number of pairs, the first of the run's test.

    Returns
    -------
    dict
        `run`, the checksum of its weights, what `PairMeasures.result` gives, and `leakage`, the mean over the batches
        of what `leakage` gives.
    """
    network, pairs = load_network(run), testing_pairs(run.config).first(count)
    measures, leaked = PairMeasures(), []
    for (fixed, moving), true in pairs.evaluation():
        measures.add(fixed, moving, true, network((fixed, moving))["flow_field"])
        leaked.append(leakage(network, true, moving))
    return {
        "run": run.name,
        "weights_sha256": read_card(run.weights)["sha256"],
        "size": list(pairs.size),
        "transform": run.config.data.transform,
        **measures.result(),
        "leakage": np.mean(leaked, axis=0).tolist(),
    }


def main(arguments: list[str] | None = None) -> int:
    """Read the command line, analyze the runs and write the record; return the exit status."""
    prepare_process()
    parser = argparse.ArgumentParser(
        prog="python -m experiments.studies.error_analysis",
        description="Measures what shipped networks leave of the errors of their test pairs.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("run", nargs="*", default=RUNS, help=f"runs with shipped weights (default: {', '.join(RUNS)})")
    parser.add_argument("--pairs", type=at_least(1), default=PAIRS, help=f"test pairs of each (default: {PAIRS:,})")
    parser.add_argument(
        "-o", "--output", type=Path, default=OUTPUT / "error_analysis" / "error_analysis.json", metavar="FILE",
        help="default: experiments/output/error_analysis/error_analysis.json",
    )
    options = parser.parse_args(arguments)
    runs = []
    for name in options.run:
        say(f"{name}: {options.pairs:,} pairs")
        runs.append(analyze(find_run(name), options.pairs))
    record = {
        "runs": runs,
        "date": datetime.datetime.now().astimezone().isoformat(timespec="seconds"),
        "versions": versions(),
        "hardware": hardware(),
    }
    write_json(options.output, record)
    print(f"Written: {options.output}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
