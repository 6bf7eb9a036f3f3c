"""The tables of the report: a row per run, beside the thesis's figures."""

from __future__ import annotations

from pathlib import Path

from dirv_tf.metrics.names import FINEST, METRIC_NAMES, REDUCTIONS
from dirv_tf.training.progress import duration

_FIELD_METRICS = (METRIC_NAMES["endpoint_error"], METRIC_NAMES["folded_percent"])
COLUMNS = (
    "run", "thesis, mean of levels", "here, mean of levels", "difference, mean of levels", "here, finest level",
    *(metric.heading for metric in _FIELD_METRICS), "training and test", "date", "parameters", "data", "settings",
)
NOT_RUN = "not run"
EXPLANATION = (
    f"Pairs of figures are {' / '.join(metric.label for metric in REDUCTIONS)}: the shares of the initial intensity "
    "and displacement error that were removed on unseen pairs, in percent. The thesis averages them over the pyramid levels; networks of different "
    "numbers of levels compare by the finest level. \"quick\" marks a run of minutes with few training pairs."
)


def run_rows(runs, thesis=None):
    """Return the rows of one table.

    Parameters
    ----------
    runs : list of RunRecord
        All of one name, or of names that the thesis does not have.
    thesis : dict or None
        The thesis's row of that name, from `thesis_row`.

    Returns
    -------
    list of dict
        Texts by column; one row that says so where there is no run.
    """
    printed = _pair(thesis) if thesis else ""
    if thesis and thesis["split"] != "test":
        printed += " (training)"
    rows = [_row(run, thesis, printed) for run in runs]
    if not rows:
        rows = [{"run": thesis["run"], "thesis, mean of levels": printed, "here, mean of levels": NOT_RUN}]
    return [{column: row.get(column, "") for column in COLUMNS} for row in rows]


def _row(run, thesis, printed):
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
        "thesis, mean of levels": printed,
        "training and test": duration(run.record["seconds"]) if "seconds" in run.record else "",
        "date": run.record.get("ended", "")[:10],
    }
    if run.test is None:
        return {**row, "here, mean of levels": f"not finished ({run.record.get('state', 'no record')})"}
    test = run.test
    if thesis and "dl_dis" in test:
        row["difference, mean of levels"] = " / ".join(
            f"{test[metric.key] - thesis[metric.key]:+.1f}" for metric in REDUCTIONS
        )
    for column, suffix in (("here, mean of levels", ""), ("here, finest level", FINEST)):
        row[column] = _pair(test, suffix)
    for metric in _FIELD_METRICS:
        row[metric.heading] = f"{test[metric.key]:.3f}" if metric.key in test else ""
    return row


def _settings(run):
    training = run.config["training"]
    schedule = "" if training["schedule"] == "constant" else f" {training['schedule']}"
    start_from = training.get("start_from")
    start = f", from the weights of {Path(start_from).name}" if start_from else ""
    text = f"{training['epochs']} epochs, batch {training['batch_size']}, rate {training['learning_rate']:g}{schedule}"
    return text + start


def _pair(figures, suffix=""):
    values = [figures.get(metric.key + suffix) for metric in REDUCTIONS]
    return " / ".join("–" if value is None else f"{value:.1f}" for value in values)
