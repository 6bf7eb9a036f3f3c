"""Rows that set runs beside the thesis: how each was trained and tested, and what was measured before and after."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

from dirv_tf.metrics.names import FINEST, METRIC_NAMES, REDUCTIONS
from dirv_tf.report.run_record import RunRecord
from dirv_tf.report.run_table import NOT_RUN
from experiments.reproduction.run_lineage import Lineage, hours_and_minutes, machine, size_text, training_text
from experiments.reproduction.thesis_table import thesis_rows

# Rows of the thesis with a number that contradicts its others: docs/thesis_to_code.md says which and why.
MISPRINTS = {
    ("A-8", "train"), ("B-1", "train"), ("B-1", "test"), ("B-2", "train"), ("D-2", "test"), ("E-1", "test"),
    ("E-3", "test"), ("E-4", "test"), ("E-5", "test"), ("F-1", "test"),
}
# Errors before registration that differ by more than this share of the thesis's are another task.
_SAME_START = 0.1
_LOSSES = ("l_int", "l_dis")
_LABELS = {key: METRIC_NAMES[key].label for key in _LOSSES}
_RESULT_COLUMNS = (
    "run", "pairs", "max ‖D‖", "mean ‖D‖", *_LABELS.values(), "ΔL_int / ΔL_dis", "above the thesis", "finest level",
    METRIC_NAMES["folded_percent"].heading, "starts elsewhere",
)
_SETTING_COLUMNS = (
    "run", "parameters", "trained on", "batch", "pairs seen", "weights from", "pairs seen in all", "of the thesis's",
    "tested on", "training and test", "time in all", "machine",
)


def result_rows(name: str, runs: list[RunRecord], split: str) -> list[dict[str, str]]:
    """Return what was measured in the thesis and here, a row each.

    Parameters
    ----------
    name : str
        A run of the thesis, such as "A-6", or one of our own.
    runs : list of RunRecord
        Those of that name.
    split : {"test", "train"}
        Unseen pairs, or those of the last epoch of the training, means over which are taken while the network learns.

    Returns
    -------
    list of dict
        Texts by column, none where neither has the split. L_int (× 255) and L_dis (px) are means over the levels.
    """
    splits = {row["split"]: row for row in thesis_rows() if row["run"] == name}
    thesis = splits.get(split)
    # Of some runs the thesis has the training row alone; ours have a test all the same.
    if split == "train" and thesis is None:
        return []
    rows = [] if thesis is None else [_thesis_row(thesis)]
    rows += [_our_row(run, split, thesis, thesis or splits.get("train")) for run in runs]
    if not runs and splits:
        rows.append({"run": name, "pairs": NOT_RUN})
    return [{column: row.get(column, "") for column in _RESULT_COLUMNS} for row in rows]


def setting_rows(name: str, runs: list[RunRecord], lineage: Lineage) -> list[dict[str, str]]:
    """Return how a run was trained and tested, in the thesis and here, a row each.

    Parameters
    ----------
    name : str
    runs : list of RunRecord
        Those of that name.
    lineage : Lineage
        Of all records: the trainings that others began with are counted in.

    Returns
    -------
    list of dict
        Texts by column.
    """
    thesis = {row["split"]: row for row in thesis_rows() if row["run"] == name}
    rows = [_thesis_setting(thesis)] if thesis else []
    rows += [_our_setting(run, thesis, lineage) for run in runs]
    return [{column: row.get(column, "") for column in _SETTING_COLUMNS} for row in rows]


def run_title(run: RunRecord) -> str:
    """Return the name of a run with its preset; a run of the thesis without one is `full`."""
    return f"{run.name} {run.preset or ('full' if _of_the_thesis(run.name) else '')}".strip()


def _of_the_thesis(name):
    return any(row["run"] == name for row in thesis_rows())


def _thesis_row(row):
    values = {key: float(row[key]) for key in (*_LOSSES, "max_d", "mean_d")}
    shares = {key: float(row[f"d{key}_percent"]) for key in _LOSSES}
    before = {key: _before(values[key], shares[key]) for key in _LOSSES}
    return {
        "run": f"{row['run']} in the thesis{' *' * ((row['run'], row['split']) in MISPRINTS)}",
        "pairs": f"{int(row['test_images']):,}" if row["split"] == "test" else "",
        "max ‖D‖": row["max_d"],
        "mean ‖D‖": row["mean_d"],
        _LABELS["l_int"]: f"{before['l_int']:.1f} → {row['l_int']}",
        _LABELS["l_dis"]: f"{before['l_dis']:.2f} → {row['l_dis']}",
        "ΔL_int / ΔL_dis": f"{shares['l_int']:.1f} / {shares['l_dis']:.1f}",
    }


def _our_row(run, split, thesis, start):
    """Return a row of ours: above `thesis`, and with its errors before registration beside those of `start`."""
    row = {"run": run_title(run)}
    measured = run.test if split == "test" else {key: values[-1] for key, values in run.history.items() if values}
    if not measured:
        return {**row, "pairs": f"not finished ({run.record.get('state', 'no record')})"}
    fields = _true_fields(run.path.parent / "true_fields" / "true_fields.json").get(run.path.name)
    if split == "test" and run.test_pairs:
        row["pairs"] = f"{run.test_pairs:,}"
    if split == "test" and fields:
        row.update({"max ‖D‖": f"{fields['max_d']:.2f}", "mean ‖D‖": f"{fields['mean_d']:.2f}"})
    elif "endpoint_error_initial" in measured:
        row["mean ‖D‖"] = f"{measured['endpoint_error_initial']:.2f}"
    known = [key for key in _LOSSES if measured.keys() >= {key, f"d{key}"}]
    before = {key: _before(measured[key], measured[f"d{key}"]) for key in known}
    for key, digits in (("l_int", 1), ("l_dis", 2)):
        if key in before:
            row[METRIC_NAMES[key].label] = f"{before[key]:.{digits}f} → {measured[key]:.2f}"
    row["ΔL_int / ΔL_dis"] = _pair(measured)
    row["finest level"] = _pair(measured, FINEST)
    if "folded_percent" in measured:
        row[METRIC_NAMES["folded_percent"].heading] = f"{measured['folded_percent']:.3f}"
    if thesis is not None:
        row["above the thesis"] = " / ".join(
            f"{measured[metric.key] - float(thesis[metric.key + '_percent']):+.1f}"
            for metric in REDUCTIONS if metric.key in measured
        )
    if start is not None:
        row["starts elsewhere"] = _starts_elsewhere(before, start)
    return row


def _starts_elsewhere(before, thesis):
    """Say which error before registration is not the thesis's: such rows do not compare."""
    found = []
    for key, digits in (("l_int", 1), ("l_dis", 2)):
        theirs = _before(float(thesis[key]), float(thesis[f"d{key}_percent"]))
        if key in before and abs(before[key] - theirs) > _SAME_START * theirs:
            found.append(f"{METRIC_NAMES[key].label} {before[key]:.{digits}f}, not {theirs:.{digits}f}")
    return "; ".join(found)


def _before(after, share):
    """The error before, which a record gives by the error after and the share that was removed, in percent."""
    return after / (1 - share / 100)


def _thesis_setting(rows):
    row = rows.get("train") or rows["test"]
    images, rank = int(row["train_images"]), int(row["rank"])
    side, patch = ([int(row[key] or 0)] * rank for key in ("image", "patch"))
    patches = int(row["patches_per_image"] or 1)
    of = f", {patches} patches of {size_text(patch)} of each" if patch[0] else ""
    tested = rows.get("test")
    return {
        "run": f"{row['run']} in the thesis",
        "parameters": f"{int(row['parameters']):,}",
        "trained on": f"{images:,} images of {size_text(side)}{of}; {row['epochs']} epochs",
        "batch": row["batch"],
        "pairs seen": f"{_thesis_pairs(rows):,}",
        "tested on": f"{int(tested['test_images']):,} of {size_text(side)}" if tested else "training pairs alone",
    }


def _thesis_pairs(rows):
    row = rows.get("train") or rows["test"]
    return int(row["train_images"]) * int(row["patches_per_image"] or 1) * int(row["epochs"])


def _our_setting(run, thesis, lineage):
    data, history = run.config["data"], lineage.of(run)
    seconds = [each.record.get("seconds") for each in history]
    pairs = [lineage.pairs_seen(each) for each in history]
    row = {
        "run": run_title(run),
        "parameters": f"{run.record['parameters']:,}" if "parameters" in run.record else "",
        "trained on": training_text(run),
        "batch": str(run.config["training"]["batch_size"]),
        "pairs seen": f"{pairs[0]:,}",
        "weights from": ", before that ".join(run_title(each) for each in history[1:]),
        "machine": machine(run),
    }
    if run.test_pairs:
        row["tested on"] = f"{run.test_pairs:,} of {size_text(data.get('test_size') or data['size'])}"
    if len(history) > 1:
        row["pairs seen in all"] = f"{sum(pairs):,}"
    if thesis:
        share = 100 * sum(pairs) / _thesis_pairs(thesis)
        row["of the thesis's"] = f"{share:.{0 if share >= 1 else 1}f} %"
    if None not in seconds:
        row["training and test"] = hours_and_minutes(seconds[0])
        row["time in all"] = hours_and_minutes(sum(seconds)) if len(history) > 1 else ""
    return row


def _pair(measured, suffix=""):
    values = [measured.get(metric.key + suffix) for metric in REDUCTIONS]
    return " / ".join("–" if value is None else f"{value:.1f}" for value in values)


@cache
def _true_fields(path: Path):
    # Measured for the committed runs; beside runs of one's own there may be no such record.
    return json.loads(path.read_text(encoding="utf-8"))["runs"] if path.is_file() else {}


