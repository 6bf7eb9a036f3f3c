"""The table at the end of a series."""

from __future__ import annotations

import json

from dirv_tf.metrics.names import FINEST, REDUCTIONS
from dirv_tf.training.progress import duration
from dirv_tf.training.thesis_table import thesis_row


def result_lines(results):
    """Return a line per run: its test figures, the thesis's, its time.

    Parameters
    ----------
    results : list of (RunConfig, RunFolder, str)
        The last says what became of the run.

    Returns
    -------
    list of str
    """
    reductions = " / ".join(metric.label for metric in REDUCTIONS) + " %"
    lines = [f"{'run':8}{reductions:>19}{'finest level':>15}{'thesis':>15}{'time':>15}  state"]
    for config, folder, state in results:
        file = folder.metrics_json
        figures = json.loads(file.read_text(encoding="utf-8"))["test"] if file.is_file() else {}
        seconds = folder.read_record().get("seconds")
        lines.append(
            f"{config.name:8}{_pair(figures):>19}{_pair(figures, FINEST):>15}"
            f"{_pair(thesis_row(config.name) or {}):>15}{duration(seconds) if seconds else '–':>15}  {state}"
        )
    return lines


def _pair(figures, suffix=""):
    values = [figures.get(metric.key + suffix) for metric in REDUCTIONS]
    return " / ".join("–" if value is None else f"{value:.1f}" for value in values)
