"""Folds, inverses and steps of a study's networks: ``python -m experiments.studies.maps velocities``.

The study itself tells how exact they are. Here their fields of unseen pairs are looked at as maps: whether they fold,
how well the field of the exchanged pair leads back, and how well their inverses do; and of networks that are trained in
stages, what every step adds.
"""

from __future__ import annotations

import argparse
import datetime
import sys
from pathlib import Path

import numpy as np

from dirv_tf.cli.command_line import exit_status, prepare_process
from experiments.arguments import add_output, at_least, say
from experiments.folders import OUTPUT
from experiments.studies.study import known_studies, read_study
from experiments.studies.table import when_and_where

SEED = 6021


def main(arguments=None):
    """Read the command line and measure.

    Parameters
    ----------
    arguments : list of str, optional
        Default: those of this process.

    Returns
    -------
    int
        Exit status: 0 done, 1 no member of the study is finished.
    """
    prepare_process()
    options = _parser().parse_args(arguments)
    study, members = read_study(options.study), options.members / "members"
    missing = [each.name for each in study.members if not _is_finished(members, each)]
    if len(missing) == len(study.members):
        print(
            f"error: Expected the finished study: python -m experiments.studies {study.name}. "
            f"Received: no {', '.join(missing)} in {members}", file=sys.stderr,
        )  # fmt: skip
        return 1
    if missing:
        say(f"Not run yet: {', '.join(missing)}")
    measure(study, members, options.pairs, options.output, say)
    return 0


def measure(study, members, pairs, output, report=print):
    """Measure the maps of all members that are finished, and write the record.

    Parameters
    ----------
    study : Study
    members : Path
        Holds the finished runs.
    pairs : int
        For each member, of its own kind.
    output : str or Path
        Folder of the record, which has the name of the study.
    report : callable
        Says a line of text.

    Returns
    -------
    dict
        The record.
    """
    from dirv_tf.io.atomic_write import write_json
    from dirv_tf.io.output_paths import check_output_folder
    from dirv_tf.models import load_weights_file
    from dirv_tf.training.execution.building import testing_pairs
    from dirv_tf.training.execution.environment import hardware, versions

    output, rows = check_output_folder(output), []
    for member in (each for each in study.members if _is_finished(members, each)):
        settings = {"data.test_images": pairs, "evaluation.batch_size": min(pairs, 20), "seeds.testing": SEED}
        batches = testing_pairs(member.config("quick", settings)).evaluation()
        row = {"name": member.name, **maps_of(load_weights_file(members / member.name), batches)}
        report(", ".join(f"{key} {value}" for key, value in row.items()))
        row.update(date=datetime.date.today().isoformat(), hardware=hardware())
        rows.append(row)
    record = {
        "study": study.name,
        "pairs": pairs,
        "seed": SEED,
        "rows": rows,
        "date": datetime.datetime.now().astimezone().isoformat(timespec="seconds"),
        "versions": versions(),
    }
    path = output / f"{study.name}.json"
    write_json(path, record)
    report(f"Written: {path}")
    return record


def _is_finished(members, member):
    return (members / member.name / "metrics.json").is_file()


def maps_of(network, batches):
    """Look at a network's fields as maps.

    Parameters
    ----------
    network : RegistrationNetwork
    batches : iterable of ((fixed, moving), flow_field)

    Returns
    -------
    dict
        Means over the pairs, but for the longest and the worst: `longest`, the largest displacement in pixels;
        `folded_percent`, `folded_worst`; `there_and_back`, the mean distance in pixels from a place of the fixed image
        to where the field of the exchanged pair brings it back; `residual_mean`, `residual_worst`, `round_trip_mean`,
        `round_trip_worst` in pixels, and `without_inverse_percent` of the fields' own inverses
        (`registration.invert_field`). Of a network of several stages, `steps`: ΔL_dis in percent after each step.
    """
    from dirv_tf import geometry, metrics
    from dirv_tf.registration.maps.field_inversion import invert_field
    from experiments.comparison.families.stage_errors import reductions_of, step_errors

    rows, errors = [], []
    for (fixed, moving), true in batches:
        outputs = network((fixed, moving))
        there, back = outputs["flow_field"], network((moving, fixed))["flow_field"]
        left = np.linalg.norm(geometry.compose(first=there, second=back), axis=-1).mean(axis=(1, 2))
        folded = metrics.folded_percent(there).numpy()
        for index, field in enumerate(there.numpy()):
            inverse = invert_field(field)
            rows.append([
                np.linalg.norm(field, axis=-1).max(), folded[index], left[index],
                inverse.residual_mean, inverse.residual_max, inverse.round_trip_mean, inverse.round_trip_max,
                inverse.folded_percent,
            ])  # fmt: skip
        if len(getattr(network, "stages", ())) > 1:
            errors.append(step_errors(network, outputs, true))
    longest, folded, left, solved, solved_worst, mean, worst, without = np.array(rows, float).T
    found = {
        "longest": round(float(longest.max()), 2),
        "folded_percent": round(float(folded.mean()), 4),
        "folded_worst": round(float(folded.max()), 4),
        "there_and_back": round(float(left.mean()), 4),
        "residual_mean": round(float(np.nanmean(solved)), 6),
        "residual_worst": round(float(np.nanmax(solved_worst)), 6),
        "round_trip_mean": round(float(np.nanmean(mean)), 4),
        "round_trip_worst": round(float(np.nanmax(worst)), 4),
        "without_inverse_percent": round(float(without.mean()), 4),
    }
    if errors:
        found["steps"] = reductions_of(errors)
    return found


def table(record: dict) -> str:
    """Return the record's table in Markdown, with a line break at the end."""
    columns = (
        "member", "longest displacement, px", "folded %, mean", "worst pair", "there and back, px",
        "inverse: from its pixels, mean px", "worst px", "from the other image's, mean px", "worst px",
        "no single inverse %",
    )  # fmt: skip
    lines = [f"| {' | '.join(columns)} |", f"|{'---|' * len(columns)}"]
    for row in record["rows"]:
        cells = (
            f"`{row['name']}`", f"{row['longest']:.1f}", f"{row['folded_percent']:.3f}", f"{row['folded_worst']:.2f}",
            f"{row['there_and_back']:.3f}", f"{row['residual_mean']:.6f}", f"{row['residual_worst']:.4f}",
            f"{row['round_trip_mean']:.4f}", f"{row['round_trip_worst']:.3f}", f"{row['without_inverse_percent']:.3f}",
        )  # fmt: skip
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join([*lines, "", origin(record)]) + "\n"


def origin(record: dict) -> str:
    """Return of how many pairs a record is, and where and when it was measured."""
    return f"{record['pairs']} pairs of each kind, seed {record['seed']}; {when_and_where(record['rows'])}."


def _parser():
    parser = argparse.ArgumentParser(
        prog="python -m experiments.studies.maps", description=__doc__.split(":")[0] + "."
    )
    parser.add_argument("study", choices=known_studies(), help="a study of networks whose finest level has all pixels")
    parser.add_argument("--pairs", type=at_least(1), default=200, help="of each kind (%(default)s)")
    parser.add_argument(
        "--members", type=Path, default=OUTPUT / "ablations" / "quick", metavar="FOLDER",
        help="where the study was carried out (default: experiments/output/ablations/quick)",
    )
    add_output(parser, "maps")
    return parser


if __name__ == "__main__":
    sys.exit(exit_status(main))
