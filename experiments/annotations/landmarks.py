"""What landmarks in training are worth on an unseen tissue: ``python -m experiments.annotations.landmarks``."""

from __future__ import annotations

import argparse
import datetime
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from dirv_tf.cli.command_line import exit_status, prepare_process
from experiments.arguments import add_output, say
from experiments.trainings_command import exit_status_of, use_cores

RUN = Path(__file__).with_name("histology.yaml")
RECORD = "landmarks.json"
# By the tissue that is trained on; the other one is tested on.
TISSUES = {"lung_lobes": "lung_lesion", "lung_lesion": "lung_lobes"}
_OWN = {"kind": "own"}
# Landmarks count in pixels: a weight of 0.05 makes a distance of two pixels count as much as 0.1 of dissimilarity.
MEMBERS = {
    "unsupervised": ("self-similarity and smoothness", None),
    "landmarks": ("the same, and the distances of landmarks", [_OWN, {"kind": "landmarks", "weight": 0.05}]),
}


def main(arguments=None):
    """Read the command line, train the members and measure them.

    Parameters
    ----------
    arguments : list of str, optional
        Default: those of this process.

    Returns
    -------
    int
        Exit status: 0 done, 1 a training failed, 2 wrong command line or files, 130 stopped by Ctrl-C, 143 by SIGTERM.
    """
    prepare_process()
    options = _parser().parse_args(arguments)
    from dirv_tf.training.config.config_loading import parse_override

    def work():
        compare_landmarks(options.output, options.tissues, dict(map(parse_override, options.set)), say)

    use_cores(options.threads)
    return exit_status_of(work, options.output)


def compare_landmarks(
    folder: Path, tissues: Sequence[str], overrides: dict | None = None, report: Callable[[str], None] = print
) -> dict:
    """Train with and without landmarks on one tissue, test on the other, and write the record.

    Parameters
    ----------
    folder : Path
        Gets the prepared pairs, one run's folder per training and the record. Finished trainings are kept, and the
        tissues that are not asked for stay in the record.
    tissues : sequence of str
        To train on, of `TISSUES`.
    overrides : dict, optional
        Further settings of all trainings by dotted keys.
    report : callable
        Says a line of text.

    Returns
    -------
    dict
        The record.
    """
    from dirv_tf.io.atomic_write import write_json
    from dirv_tf.io.file_paths import file_json
    from dirv_tf.io.output_paths import check_output_folder
    from dirv_tf.training.execution.environment import hardware, versions
    from experiments.annotations.aligned_sections import SIDE, median_error, prepare, tissue_of
    from experiments.comparison.real.pair_table import SETS, read_real_pairs

    folder, every = check_output_folder(folder), read_real_pairs(SETS["histology"])
    record = file_json(folder / RECORD) if (folder / RECORD).is_file() else {"side": SIDE, "tests": {}}
    ready = {}
    for tissue in TISSUES:
        pairs, before = prepare([pair for pair in every if tissue_of(pair) == tissue], folder / "pairs" / tissue)
        ready[tissue] = pairs
        errors = {"before": before, "aligned": [median_error(pair) for pair in pairs]}
        record.setdefault("pairs", {})[tissue] = {key: [round(each, 5) for each in errors[key]] for key in errors}
        report(f"{tissue}: median rTRE {np.mean(before):.4f}, aligned {np.mean(errors['aligned']):.4f}")
    for tissue in tissues:
        for name in MEMBERS:
            measured = _member(folder, tissue, name, ready, overrides, report)
            record["tests"].setdefault(tissue, {})[name] = measured
            record.update(versions=versions(), hardware=hardware())
            record["date"] = datetime.datetime.now().astimezone().isoformat(timespec="seconds")
            write_json(folder / RECORD, record)
            means = {key: float(np.mean(measured[key])) for key in ("test", "training")}
            report(f"{tissue}, {name}: median rTRE {means}")
    return record


def member_config(folder: Path, tissue: str, name: str, overrides: dict | None = None):
    """Return the run of a training: `name`, a key of `MEMBERS`, on the prepared pairs of a tissue."""
    from dirv_tf.training.config.config_loading import load_run

    own = {
        "name": f"{tissue}-{name}", "description": MEMBERS[name][0], "training.terms": MEMBERS[name][1],
        "data.train_pairs": str(folder / "pairs" / tissue / "pairs.csv"),
        "data.test_pairs": str(folder / "pairs" / TISSUES[tissue] / "pairs.csv"),
    }  # fmt: skip
    return load_run(RUN, overrides={**(overrides or {}), **own})


def _member(folder, tissue, name, ready, overrides, report):
    from dirv_tf.models import load_weights_file
    from dirv_tf.training.config.config_loading import load_run
    from dirv_tf.training.execution.run import execute
    from dirv_tf.training.execution.run_folder import RunFolder
    from dirv_tf.validation import ConfigError

    config, run = member_config(folder, tissue, name, overrides), RunFolder(folder / f"{tissue}-{name}")
    if run.config.is_file() and load_run(run.config) != config:
        raise ConfigError(f"Expected a run of the settings asked for, or none. Received: {run.path}")
    if not run.metrics_json.is_file():
        begun = time.process_time()
        execute(config, run, tensorboard=False, report=report)
        run.write_record(processor_seconds=round(time.process_time() - begun, 1))
    network = load_weights_file(run.path)
    test, folded = _errors(network, config, ready[TISSUES[tissue]], "test_pairs")
    training, _ = _errors(network, config, ready[tissue], "train_pairs")
    return {
        "what": MEMBERS[name][0], "test": test, "training": training, "folded_percent": folded,
        "steps": config.training.epochs * 2 * len(ready[tissue]), "parameters": network.count_params(),
        "processor_seconds": run.read_record()["processor_seconds"],
    }  # fmt: skip


def _errors(network, config, pairs, table):
    """Return the median rTRE of every pair by the field of a network, and the mean share of folded pixels."""
    import tensorflow as tf

    from dirv_tf import metrics
    from dirv_tf.datasets import from_pairs
    from dirv_tf.datasets.pair_table import read_pair_table
    from experiments.annotations.aligned_sections import median_error

    data, errors, folded = config.data, [], []
    graph = tf.function(lambda fixed, moving: network((fixed, moving))["flow_field"])
    # Every second row is the pair the other way round.
    for pair, row in zip(pairs, read_pair_table(getattr(data, table))[::2]):
        files = [(row.fixed, row.moving)]
        source = from_pairs(files, size=data.size, pad=True, batch_size=1, normalization=data.normalization)
        field = graph(*source.frozen_batch()[0])
        folded.append(float(metrics.folded_percent(field)[0]))
        start = [(whole - side) // 2 for whole, side in zip(data.size, pair.fixed.shape)]
        inside = tuple(slice(first, first + side) for first, side in zip(start, pair.fixed.shape))
        errors.append(round(median_error(pair, field.numpy()[(0, *inside)]), 5))
    return errors, round(float(np.mean(folded)), 4)


def markdown(record: dict) -> str:
    """Return the record as a table in Markdown, with a line break at the end."""
    columns = (
        "trained on, by", "median rTRE on the other tissue", "worst pair", "on the pairs of the training", "folded %",
        "steps", "processor time",
    )  # fmt: skip
    lines = [f"| {' | '.join(columns)} |", f"|{'---|' * len(columns)}"]
    for tissue, members in record["tests"].items():
        for key, what in (("before", "nothing: the pairs as they are"), ("aligned", "nothing: linearly aligned")):
            test, training = (record["pairs"][each][key] for each in (TISSUES[tissue], tissue))
            numbers = (f"{np.mean(test):.4f}", f"{max(test):.4f}", f"{np.mean(training):.4f}", "", "", "")
            lines.append(f"| {tissue.replace('_', ' ')}: {what} | {' | '.join(numbers)} |")
        for member in members.values():
            numbers = (
                f"{np.mean(member['test']):.4f}", f"{max(member['test']):.4f}", f"{np.mean(member['training']):.4f}",
                f"{member['folded_percent']:.3f}", f"{member['steps']:,}",
                f"{member['processor_seconds'] / 60:.1f} min",
            )  # fmt: skip
            lines.append(f"| {tissue.replace('_', ' ')}: {member['what']} | {' | '.join(numbers)} |")
    return "\n".join(lines) + "\n"


def _parser():
    parser = argparse.ArgumentParser(
        prog="python -m experiments.annotations.landmarks",
        description="Trains networks on sections of one tissue, with and without landmarks, and tests on another.",
    )
    tissues = list(TISSUES)
    parser.add_argument("--tissues", nargs="+", choices=tissues, default=tissues, help="to train on (default: both)")
    parser.add_argument(
        "--set", action="append", default=[], metavar="KEY=VALUE", help="change a setting of every training; repeatable"
    )
    parser.add_argument("--threads", type=int, default=1, metavar="N", help="processor cores to use (default: 1)")
    add_output(parser, "annotations")
    return parser


if __name__ == "__main__":
    sys.exit(exit_status(main))
