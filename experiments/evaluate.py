"""Tests a finished run again from its weights: `python -m experiments.evaluate A-6`."""

from __future__ import annotations

import argparse
import datetime
import sys
from pathlib import Path

from dirv_tf.cli.command_line import exit_status, prepare_process
from experiments.arguments import at_least
from experiments.folders import OUTPUT

REFINEMENT_FOLDER = OUTPUT / "refinement"
_EPILOG = """\
examples:
  python -m experiments.evaluate A-6                the committed record of A-6, from the shipped weights
  python -m experiments.evaluate A-6 --pairs 500    a quick look; 500 pairs were tested after every epoch as well
  python -m experiments.evaluate FOLDER             a run of your own
  python -m experiments.evaluate A-6 --weights FOLDER
  python -m experiments.evaluate A-6 --refine --pairs 1000

A run's pairs are made by its seeds, so the same weights give the same metrics: they must be within 0.05 percentage
points of the record. --refine measures recurrent refinement (thesis 5.8) instead: per image and per batch, with
composed and with repeated warping, stopped by the intensity error and, as in the thesis, by the standard deviation of
the difference. Exit status: 0 agrees, or the run has no record of so few pairs; 1 does not agree,
or the weights are damaged; 2 no such run, or its images are not there.
"""


def main(arguments=None):
    """Read the command line and test the run.

    Parameters
    ----------
    arguments : list of str, optional
        Default: those of this process.

    Returns
    -------
    int
        Exit status.
    """
    prepare_process()
    options = _parser().parse_args(arguments)
    from dirv_tf.models.weight_files import WeightFileError
    from dirv_tf.validation import ConfigError
    from experiments.reproduction.finished_run import find_run

    try:
        run = find_run(options.run, options.weights)
        print(f"Run {run.name}: {run.config.description}\n  weights   {run.weights}", flush=True)
        return _refine(run, options) if options.refine else _test(run, options.pairs)
    except ConfigError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except (WeightFileError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1


def _test(run, pairs):
    from dirv_tf.training.execution.progress import duration
    from experiments.reproduction.finished_run import repeat_test
    from experiments.reproduction.record_comparison import TOLERANCE, comparison_lines, largest_difference

    measured, count, seconds = repeat_test(run, pairs)
    recorded = run.recorded(count)
    print(f"  test      {count:,} unseen pairs, seed {run.config.seeds.testing}, {duration(seconds)}\n")
    print("\n".join(comparison_lines(measured, recorded, run.reference())))
    if recorded is None:
        print(f"\nNot judged: the run has no record of its first {count:,} pairs, and other pairs give other metrics.")
        return 0
    name, difference = largest_difference(measured, recorded)
    verdict = "Agrees" if difference <= TOLERANCE else "DOES NOT AGREE"
    print(f"\n{verdict} with the record: largest difference {difference:.3f} points ({name}), {TOLERANCE} allowed.")
    return 0 if difference <= TOLERANCE else 1


def _refine(run, options):
    from dirv_tf.io.atomic_write import write_json
    from dirv_tf.models.weight_files import read_card
    from dirv_tf.training.execution.building import testing_pairs
    from dirv_tf.training.execution.environment import hardware, versions
    from dirv_tf.training.execution.progress import Progress
    from experiments.reproduction.finished_run import load_network
    from experiments.reproduction.refinement import BATCH, ROUNDS, refine_pairs, refinement_lines

    network, pairs = load_network(run), testing_pairs(run.config)
    pairs = pairs if options.pairs is None else pairs.first(options.pairs)
    print(f"  test      {pairs.count:,} unseen pairs in batches of {BATCH}, at most {ROUNDS} rounds", flush=True)
    progress = Progress(test_steps=pairs.steps_per_epoch)
    variants = refine_pairs(network, pairs, progress)
    progress.on_test_end()
    print("\n".join(refinement_lines(variants)))
    record = {
        "run": run.name,
        "weights_sha256": read_card(run.weights)["sha256"],
        "pairs": pairs.count,
        "size": list(pairs.size),
        "seed": run.config.seeds.testing,
        "rounds_at_most": ROUNDS,
        "batch": BATCH,
        "variants": variants,
        "date": datetime.date.today().isoformat(),
        "versions": versions(),
        "hardware": hardware(),
    }
    path = options.output / f"{run.name}.json"
    write_json(path, record)
    print(f"\nWritten: {path}")
    return 0


def _parser():
    parser = argparse.ArgumentParser(
        prog="python -m experiments.evaluate",
        description="Tests a finished run again from its weights, and says whether it agrees with its record.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("run", nargs="?", default="", help="a run with a committed record, or the folder of a run")
    parser.add_argument("--pairs", type=at_least(1), metavar="N", help="only the first N test pairs (default: all)")
    parser.add_argument("--weights", type=Path, metavar="FOLDER", help="weights (default: the shipped ones of the run)")
    parser.add_argument("--refine", action="store_true", help="measure recurrent refinement and write its record")
    parser.add_argument(
        "-o", "--output", type=Path, default=REFINEMENT_FOLDER, metavar="FOLDER",
        help="folder for the record of --refine (default: experiments/output/refinement)",
    )
    return parser


if __name__ == "__main__":
    sys.exit(exit_status(main))
