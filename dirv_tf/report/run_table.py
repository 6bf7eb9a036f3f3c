"""The tables of the report: a row per run, beside its reference."""

from __future__ import annotations

from pathlib import Path

from dirv_tf.metrics.names import ANNOTATED, FINEST, METRIC_NAMES, REDUCTIONS
from dirv_tf.training.execution.progress import duration

_LOSSES = (METRIC_NAMES["l_int"], METRIC_NAMES["l_dis"])
_FIELD_METRICS = (METRIC_NAMES["endpoint_error"], METRIC_NAMES["folded_percent"])
COLUMNS = (
    "run", "reference, mean of levels", "here, mean of levels", "difference, mean of levels", "here, finest level",
    *(metric.heading for metric in _LOSSES), *(metric.heading for metric in _FIELD_METRICS),
    *(metric.heading for metric in ANNOTATED), "test pairs",
    "training and test", "machine", "date", "parameters", "data", "settings",
)
NOT_RUN = "not run"
EXPLANATION = (
    f"Pairs of numbers are {' / '.join(metric.label for metric in REDUCTIONS)}: the shares of the initial intensity "
    "and displacement error that were removed on unseen pairs, in percent. Networks of different numbers of pyramid "
    "levels compare by the finest level. Losses are means over the levels, before and after. Dice coefficients of "
    "labels and target registration errors (TRE) of landmarks are shown before and after, too. \"quick\" marks a short "
    "run with few training pairs."
)


def run_rows(runs):
    """Return the rows of one table.

    Parameters
    ----------
    runs : list of RunRecord

    Returns
    -------
    list of dict
        Texts by column; those of labels and landmarks only where a run has some.
    """
    rows = [_filled(_row(run)) for run in runs]
    empty = [metric.heading for metric in ANNOTATED if not any(row[metric.heading] for row in rows)]
    return [{column: text for column, text in row.items() if column not in empty} for row in rows]


def _row(run):
    data = run.config["data"]
    size = "×".join(map(str, data["size"]))
    if data.get("patch_size"):
        size = f"{'×'.join(map(str, data['patch_size']))} of {size}"
    if data.get("test_size"):
        size = f"{size}, tested on {'×'.join(map(str, data['test_size']))},"
    row = {
        "run": run.title,
        "parameters": f"{run.record['parameters']:,}" if "parameters" in run.record else "",
        "data": " ".join(filter(None, (size, data["kind"], data.get("transform")))),
        "settings": _settings(run),
        "reference, mean of levels": _printed(run.reference),
        "training and test": duration(run.record["seconds"]) if "seconds" in run.record else "",
        "machine": _machine(run.record.get("hardware")),
        "date": run.record.get("ended", "")[:10],
        "test pairs": f"{run.test_pairs:,}" if run.test_pairs else "",
    }
    if run.test is None:
        return {**row, "here, mean of levels": f"not finished ({run.record.get('state', 'no record')})"}
    test = run.test
    expected = run.reference["metrics"] if run.reference else {}
    if all(key in measured for key in ("dl_int", "dl_dis") for measured in (test, expected)):
        row["difference, mean of levels"] = " / ".join(
            f"{test[metric.key] - expected[metric.key]:+.1f}" for metric in REDUCTIONS
        )
    for column, suffix in (("here, mean of levels", ""), ("here, finest level", FINEST)):
        row[column] = _pair(test, suffix)
    for metric in _LOSSES:
        row[metric.heading] = _before_and_after(test, metric.key)
    for metric in _FIELD_METRICS:
        row[metric.heading] = f"{test[metric.key]:.3f}" if metric.key in test else ""
    for metric in ANNOTATED:
        if metric.key in test:
            row[metric.heading] = f"{test[metric.before]:.3f} → {test[metric.key]:.3f}"
    return row


def _before_and_after(test, key):
    share = test.get(f"d{key}")
    if key not in test or share is None or share >= 100:
        return ""
    return f"{test[key] / (1 - share / 100):.2f} → {test[key]:.2f}"


def _machine(hardware):
    return f"{hardware['cores']} × {hardware['processor']}" if hardware else ""


def _filled(row):
    return {column: row.get(column, "") for column in COLUMNS}


def _printed(reference):
    if not reference:
        return ""
    printed = _pair(reference["metrics"])
    return printed if reference["split"] == "test" else f"{printed} (training)"


def _settings(run):
    training = run.config["training"]
    schedule = "" if training["schedule"] == "constant" else f" {training['schedule']}"
    start_from = training.get("start_from")
    start = f", from the weights of {Path(start_from).name}" if start_from else ""
    text = f"{training['epochs']} epochs, batch {training['batch_size']}, rate {training['learning_rate']:g}{schedule}"
    return text + start


def _pair(measured, suffix=""):
    values = [measured.get(metric.key + suffix) for metric in REDUCTIONS]
    return " / ".join("–" if value is None else f"{value:.1f}" for value in values)
