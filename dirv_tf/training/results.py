"""The result of a run: one row beside the thesis's row, as text and as files."""

from __future__ import annotations

from dirv_tf.io.atomic_write import write_csv, write_json
from dirv_tf.metrics.names import FINEST, LEVEL_METRICS, METRIC_NAMES

_SHOWN = tuple(metric.key for metric in LEVEL_METRICS)


def test_row(config, count, figures, thesis, seconds):
    """The test as one row of a table.

    Parameters
    ----------
    config : RunConfig
    count : int
        Number of pairs of the test.
    figures : dict
        Test figures by name; of real pairs without those that need the true field.
    thesis : dict or None
        The thesis's figures.
    seconds : float
        Time of the test.

    Returns
    -------
    dict
        Values by column.
    """
    row = {"run": config.name, "preset": config.preset or "", "parameters": config.parameters}
    row.update(test_images=count, seed=config.seeds.testing, seconds=round(seconds, 1), **figures)
    if thesis:
        row.update({f"thesis_{name}": thesis[name] for name in _SHOWN}, thesis_split=thesis["split"])
    return row


def write_results(folder, row, figures, thesis):
    """Writes `metrics.csv` and, last, `metrics.json`, whose presence says that the run is finished.

    Parameters
    ----------
    folder : RunFolder
    row : dict
        From `test_row`.
    figures : dict
        Test figures by name.
    thesis : dict or None
        The thesis's figures.
    """
    write_csv(folder.metrics_csv, list(row), [row])
    context = {key: row[key] for key in ("run", "preset", "parameters", "test_images", "seed", "seconds")}
    write_json(folder.metrics_json, {**context, "test": figures, "thesis": thesis})


def results_lines(config, count, figures, thesis):
    """The result as a small table.

    Parameters
    ----------
    config : RunConfig
    count : int
        Number of pairs of the test.
    figures : dict
        Test figures by name.
    thesis : dict or None
        The thesis's figures.

    Returns
    -------
    list of str
    """
    name = f"{config.name} {config.preset}" if config.preset else config.name
    lines = [f"{f'test of {count} unseen pairs':28}" + _cells(metric.heading for metric in LEVEL_METRICS)]
    lines.append(f"{name + ', mean of levels':28}" + _cells(figures.get(key) for key in _SHOWN))
    lines.append(f"{name + ', finest level':28}" + _cells(figures.get(key + FINEST) for key in _SHOWN))
    if thesis:
        lines.append(f"{'thesis, mean of levels':28}" + _cells(thesis[key] for key in _SHOWN))
        if thesis["split"] != "test":
            lines.append("(the thesis gives this run's training figures only)")
    known = [METRIC_NAMES[key].text(figures[key]) for key in ("endpoint_error", "folded_percent") if key in figures]
    lines.append(f"{', '.join(known)} of pixels")
    return lines


def _cells(values):
    return "".join(f"{value:>13}" if isinstance(value, str) else f"{_number(value):>13}" for value in values)


def _number(value):
    return "–" if value is None else f"{value:.2f}"
