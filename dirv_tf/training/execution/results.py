"""The result of a run, beside its reference where it has one, as text and as files."""

from __future__ import annotations

from dirv_tf.io.atomic_write import write_csv, write_json
from dirv_tf.metrics.names import FINEST, LEVEL_METRICS, METRIC_NAMES
from dirv_tf.training.execution.progress import annotated_texts

_SHOWN = tuple(metric.key for metric in LEVEL_METRICS)
_PARTS = {"": "mean of levels", FINEST: "finest level"}


def test_row(config, count, measured, reference, seconds):
    """The test as one row of a table.

    Parameters
    ----------
    config : RunConfig
    count : int
        Number of pairs of the test.
    measured : dict
        Test metrics by name; of real pairs without those that need the true field.
    reference : dict or None
        With `source`, `split` and `metrics`, see `ReferenceSettings`.
    seconds : float
        Time of the test.

    Returns
    -------
    dict
        Values by column.
    """
    row = {"run": config.name, "preset": config.preset or "", "parameters": config.parameters}
    row.update(test_images=count, seed=config.seeds.testing, seconds=round(seconds, 1), **measured)
    if reference:
        row.update({f"reference_{name}": value for name, value in reference["metrics"].items()})
        row.update(reference_source=reference["source"], reference_split=reference["split"])
    return row


def write_results(folder, row, measured, reference):
    """Write `metrics.csv` and, last, `metrics.json`, whose presence says that the run is finished.

    Parameters
    ----------
    folder : RunFolder
    row : dict
        From `test_row`.
    measured : dict
        Test metrics by name.
    reference : dict or None
        With `source`, `split` and `metrics`, see `ReferenceSettings`.
    """
    write_csv(folder.metrics_csv, list(row), [row])
    context = {key: row[key] for key in ("run", "preset", "parameters", "test_images", "seed", "seconds")}
    write_json(folder.metrics_json, {**context, "test": measured, "reference": reference})


def results_lines(config, count, measured, reference):
    """Return the result as a small table.

    Parameters
    ----------
    config : RunConfig
    count : int
        Number of pairs of the test.
    measured : dict
        Test metrics by name.
    reference : dict or None
        With `source`, `split` and `metrics`, see `ReferenceSettings`.

    Returns
    -------
    list of str
    """
    name = f"{config.name} {config.preset}" if config.preset else config.name
    rows = [(f"test of {count} unseen pairs", [metric.heading for metric in LEVEL_METRICS]), *_rows(name, measured)]
    if reference:
        source = reference["source"] + ("" if reference["split"] == "test" else " (training)")
        rows += [row for row in _rows(source, reference["metrics"]) if row[1] != [None] * len(_SHOWN)]
    width = 2 + max(len(title) for title, _ in rows)
    lines = [f"{title:{width}}" + _cells(values) for title, values in rows]
    known = [METRIC_NAMES[key].text(measured[key]) for key in ("endpoint_error", "folded_percent") if key in measured]
    lines.append(f"{', '.join(known)} of pixels")
    return lines + annotated_texts(measured) + _label_lines(measured)


def _label_lines(measured):
    """Say the Dice coefficient of every label."""
    labels = [key[len("dice") :] for key in measured if key.startswith("dice_label")]
    return [f"  {suffix[len('_label') :]:>4}: {measured[f'dice_before{suffix}']:.3f} → {measured[f'dice{suffix}']:.3f}"
            for suffix in labels]


def _rows(name, measured):
    return [(f"{name}, {part}", [measured.get(f"{key}{suffix}") for key in _SHOWN]) for suffix, part in _PARTS.items()]


def _cells(values):
    return "".join(f"{value:>13}" if isinstance(value, str) else f"{_number(value):>13}" for value in values)


def _number(value):
    return "–" if value is None else f"{value:.2f}"
