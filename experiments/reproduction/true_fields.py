"""How long the true displacements of every run's test pairs are: `python -m experiments.reproduction.true_fields`.

The records of the runs hold errors; the thesis's tables also give the largest and the mean length of the true vectors.
The pairs are made by a run's seed, so both can be measured afterwards, without a network.
"""

from __future__ import annotations

import argparse
import datetime
import json
import sys
from pathlib import Path

import tensorflow as tf

from dirv_tf import geometry
from dirv_tf.datasets import PairBatches
from dirv_tf.io.atomic_write import write_json
from dirv_tf.losses.targets import true_flow_field
from dirv_tf.training.config.config_loading import load_run
from dirv_tf.training.execution.building import testing_pairs
from dirv_tf.training.execution.environment import hardware, versions
from experiments.arguments import say
from experiments.folders import RECORDS

RECORD = RECORDS / "true_fields" / "true_fields.json"
# The distance of the thesis's control points, at which its tables measure.
_SPACING = 4


def measure_true_fields(pairs: PairBatches) -> dict:
    """Measure the true vectors at the control points of the finest level.

    Parameters
    ----------
    pairs : PairBatches
        With known fields.

    Returns
    -------
    dict
        `pairs`, their number; `max_d` and `mean_d`, the largest and the mean length of a vector, in pixels.

    Examples
    --------
    >>> from dirv_tf.datasets import ChessboardPairs
    >>> measured = measure_true_fields(ChessboardPairs((32, 32), count=3, batch_size=2, transform="affine", seed=77))
    >>> measured["pairs"], measured["max_d"] > measured["mean_d"] > 0
    (3, True)
    """
    total, largest, vectors = 0.0, 0.0, 0
    for _, targets in pairs.evaluation():
        true = true_flow_field(targets)
        lengths = tf.norm(geometry.sample_control_points(true, _SPACING), axis=-1)
        total += float(tf.reduce_sum(tf.cast(lengths, tf.float64)))
        largest = max(largest, float(tf.reduce_max(lengths)))
        vectors += int(tf.size(lengths))
    return {"pairs": pairs.count, "max_d": largest, "mean_d": total / vectors}


def measure_runs(results: Path = RECORDS, measured: dict | None = None) -> dict:
    """Measure the test pairs of all committed runs.

    Parameters
    ----------
    results : path
        The folder of the records.
    measured : dict, optional
        The runs that were measured before, as in the result; they are taken as they are.

    Returns
    -------
    dict
        `runs`, by the name of the record's folder what `measure_true_fields` gives; where and when it was measured.

    Raises
    ------
    ConfigError
        When the images of a run are not there.
    """
    known, runs = {}, {}
    for path in sorted(results.glob("*/config.yaml")):
        if path.parent.name in (measured or {}):
            runs[path.parent.name] = measured[path.parent.name]
            continue
        config = load_run(path)
        # Many runs share their test pairs.
        key = json.dumps([config.data.dataset("test"), config.evaluation.batch_size, config.seeds.testing], default=str)
        if key not in known:
            known[key] = measure_true_fields(testing_pairs(config))
        runs[path.parent.name] = known[key]
        say(f"{path.parent.name}: max {known[key]['max_d']:.2f} px, mean {known[key]['mean_d']:.2f} px")
    return {
        "runs": runs,
        "control_point_distance": _SPACING,
        "date": datetime.date.today().isoformat(),
        "versions": versions(),
        "hardware": hardware(),
    }


def main(arguments: list[str] | None = None) -> int:
    """Measure all runs and write the record; return the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m experiments.reproduction.true_fields",
        description="Measures the largest and the mean true displacement of every committed run's test pairs.",
    )
    parser.add_argument(
        "-o", "--output", type=Path, default=RECORD, help="the record's file (default: the committed one)"
    )
    parser.add_argument("--anew", action="store_true", help="measure those too that the committed record has")
    options = parser.parse_args(arguments)
    measured = None if options.anew else json.loads(RECORD.read_text(encoding="utf-8"))["runs"]
    write_json(options.output, measure_runs(measured=measured))
    print(f"Written: {options.output}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
