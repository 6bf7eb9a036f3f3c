"""Trains a small network of every family that registers twice, from NumPy's weights, and compares two stacks' curves.

``python -m experiments.reliability.curves`` trains on the TensorFlow and Keras that it runs on, and keeps what an older
record has of others: ``make campaign ARGS=curves``, then ``make campaign ARGS=curves STACK=modern``. The same seed must
give the same curve again on one stack, to the bit, and nearly the same one on another.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
import tempfile
from pathlib import Path

from dirv_tf.cli.command_line import exit_status, prepare_process
from experiments.arguments import add_output, at_least, say

RECORD_NAME = "curves.json"
# Relative, of a loss, between stacks: rounding differs in single operations and grows with the steps.
TOLERANCE = 1e-4
STEPS_PER_EPOCH = 5
_BATCH = 4
# The smallest networks that have every part of their family, and the stages that are trained one after the other.
CASES = {
    "dirv_net": ({"levels": 2, "units": 2, "experts": 4, "kernel_sizes": [3, 3], "knots": 8}, ()),
    "voxelmorph": ({"encoder": [4, 8], "decoder": [8, 4], "last": [4], "squarings": 3, "field_scale": 2}, ()),
    "dlir": (
        {"affine_resolution": 2, "spline_resolutions": [1], "spline_spacings": [4], "filters": 8, "hidden": 8},
        ("affine", "spline0"),
    ),
    "avsm": (
        {"affine_size": 16, "affine_steps": 2, "width": 0.125, "momentum_steps": 1, "integration_steps": 3},
        ("affine", "momentum"),
    ),
    "rwcnet": (
        {
            "resolutions": [2, 1], "steps": [2, 2], "radii": [1, 1], "features": 8, "hidden": 8, "blocks": [1, 1],
            "flow_kernel": 3, "patches": False,
        },
        ("level0", "level1"),
    ),
    "counterpart": (
        {
            "base": {"kind": "voxelmorph", "encoder": [4, 8], "decoder": [8, 4], "last": [4], "field_scale": 2},
            "features": 4, "halvings": 1,
        },
        ("base", "mask"),
    ),
}  # fmt: skip
# What a family without a loss of its own learns from.
_TERMS = {"counterpart": [{"kind": "counterpart"}, {"kind": "smoothness", "weight": 0.1}]}


def main(arguments=None):
    """Read the command line and train.

    Parameters
    ----------
    arguments : list of str, optional
        Default: those of this process.

    Returns
    -------
    int
        Exit status: 0 the curves are one, 1 not so, 2 wrong command line.
    """
    prepare_process()
    options = _parser().parse_args(arguments)
    return 0 if not compare(options.epochs, options.output, say)["faults"] else 1


def compare(epochs, output, report=print, cases=CASES):
    """Train every network twice and write the record.

    Parameters
    ----------
    epochs : int
        Of five steps each; a multiple of the number of stages of every case.
    output : str or Path
        Folder of the record, `curves.json`; what it has of other stacks stays if it is of as many epochs.
    report : callable
        Says a line of text.
    cases : dict
        As `CASES`.

    Returns
    -------
    dict
        The record.

    Raises
    ------
    ValueError
        If the stages of a case cannot share the epochs evenly; before anything is trained.
    """
    from dirv_tf.io.atomic_write import write_json
    from dirv_tf.io.output_paths import check_output_folder
    from dirv_tf.training.execution.environment import hardware, versions

    for kind in cases:
        _epochs_per_stage(kind, epochs, cases)
    file = check_output_folder(output) / RECORD_NAME
    found = {}
    for kind in cases:
        report(f"{kind} ...")
        first, again = (trained(kind, epochs, cases) for _ in range(2))
        found[kind] = {"curves": first, "repeated": difference(first, again)}
    stack = {"versions": versions(), "hardware": hardware(), "families": found}
    older = json.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}
    kept = older["stacks"] if older.get("steps") == epochs * STEPS_PER_EPOCH else []
    stacks = [each for each in kept if each["versions"]["tensorflow"] != stack["versions"]["tensorflow"]] + [stack]
    stacks.sort(key=lambda each: [int(number) for number in each["versions"]["tensorflow"].split(".")[:2]])
    record = {"steps": epochs * STEPS_PER_EPOCH, "tolerance": TOLERANCE, "stacks": stacks, "faults": _faults(stacks)}
    write_json(file, record)
    report("\n".join([*record["faults"], f"{len(record['faults'])} faults. Written: {file}"]))
    return record


def trained(kind: str, epochs: int, cases: dict = CASES) -> dict[str, list[float]]:
    """Train a network of a family by the library's own training, in a folder that goes again.

    Parameters
    ----------
    kind : str
        A key of `cases`.
    epochs : int
        Shared by the stages, evenly.
    cases : dict
        As `CASES`.

    Returns
    -------
    dict of list of float
        `loss` in training and `unseen` on pairs that are not trained on, per epoch.
    """
    from dirv_tf.training.config.config_loading import load_run
    from dirv_tf.training.execution.history import read_history
    from dirv_tf.training.execution.run import execute
    from dirv_tf.training.execution.run_folder import RunFolder

    arguments, stages = cases[kind]
    with tempfile.TemporaryDirectory() as place:
        start = _start(Path(place) / "start.npz", kind, arguments)
        share = _epochs_per_stage(kind, epochs, cases)
        training = {"stages": [{"stage": name, "epochs": share} for name in stages]} if stages else {"epochs": epochs}
        own = {"loss": "displacement" if kind == "dirv_net" else "unsupervised"}
        run = {
            "name": kind, "description": "a small network whose curve is known", "model": {"kind": kind, **arguments},
            "data": {
                "kind": "chessboard", "size": [32, 32], "cell_range": [4, 7], "transform": "affine",
                "train_images": _BATCH * STEPS_PER_EPOCH, "test_images": 8,
            },
            "training": {
                **training, "batch_size": _BATCH, "learning_rate": 1e-3, "start_from": str(start), "jit_compile": False,
                **({"terms": _TERMS[kind]} if kind in _TERMS else own),
            },
            "evaluation": {"batch_size": 8, "validation_images": 8},
        }  # fmt: skip
        file = Path(place) / "run.yaml"
        file.write_text(json.dumps(run), encoding="utf-8")
        folder = RunFolder.new(load_run(file), Path(place) / "run")
        execute(load_run(file), folder, tensorboard=False, report=lambda line: None)
        rows = read_history(folder.path / "history.csv")
    return {name: [float(row[column]) for row in rows] for name, column in (("loss", "loss"), ("unseen", "val_loss"))}


def of_the_last_stage(kind: str, losses: list[float], cases: dict = CASES) -> list[float]:
    """Return the losses of the stage that is trained last: those of the stages before count other things."""
    return losses[-_epochs_per_stage(kind, len(losses), cases) :]


def difference(expected: dict[str, list[float]], found: dict[str, list[float]]) -> float:
    """Return the largest relative difference of two curves' losses; infinite for other epochs and what is no number."""
    if any(len(expected[name]) != len(found[name]) for name in expected):
        return math.inf
    pairs = [pair for name in expected for pair in zip(expected[name], found[name])]
    differences = [abs(other - one) / max(abs(one), 1e-12) for one, other in pairs]
    return max(differences) if all(map(math.isfinite, differences)) else math.inf


def between_stacks(stacks: list[dict], kind: str) -> float:
    """Return the largest `difference` of a family's curves on the first stack and on another; 0 of one stack."""
    first, *others = [stack["families"][kind]["curves"] for stack in stacks]
    return max((difference(first, other) for other in others), default=0.0)


def _epochs_per_stage(kind, epochs, cases):
    stages = max(1, len(cases[kind][1]))
    if epochs % stages:
        raise ValueError(f"Expected a multiple of {stages}, the stages of {kind}. Received: epochs={epochs}")
    return epochs // stages


def _faults(stacks):
    """What must not be, a line each."""
    faults = [
        f"{kind}, TensorFlow {stack['versions']['tensorflow']}: another curve from the same seed"
        for stack in stacks for kind, found in stack["families"].items() if found["repeated"] != 0
    ]  # fmt: skip
    kinds = set.intersection(*(set(stack["families"]) for stack in stacks))
    return faults + [f"{kind}: other stack, other curve" for kind in sorted(kinds)
                     if not between_stacks(stacks, kind) <= TOLERANCE]


def _start(file, kind, arguments):
    """Weights that are the same on every stack: what an initializer has drawn at random is drawn by NumPy again."""
    import numpy as np

    from dirv_tf.models import network_class, save_weights_file

    random = np.random.default_rng(11)
    network = network_class(kind)(rank=2, **arguments)
    network.build()
    for name, variable in sorted(network.named_variables().items()):
        values = np.asarray(variable)
        drawn = random.standard_normal(values.shape)
        if name.endswith("step_size"):
            variable.assign(np.float32(0.01 * abs(drawn)))
        elif name.endswith("knots"):
            variable.assign((0.01 * drawn).astype(np.float32))
        elif values.ndim >= 2 and values.std() > 0:  # What is constant is so everywhere.
            inputs = max(1, np.prod(values.shape[:-1], dtype=int))
            variable.assign((0.3 / np.sqrt(inputs) * drawn).astype(np.float32))
    save_weights_file(network, file)
    return file


def _parser():
    parser = argparse.ArgumentParser(
        prog="python -m experiments.reliability.curves", description=__doc__.split("\n")[0]
    )
    parser.add_argument(
        "--epochs", type=at_least(2, multiple_of=2), default=10, help="of five steps each, even (%(default)s)"
    )
    add_output(parser, "reliability")
    return parser


if __name__ == "__main__":
    sys.exit(exit_status(main))
