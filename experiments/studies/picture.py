"""A study's result in one picture."""

from __future__ import annotations

from dirv_tf.figures.canvas import panel_figure
from dirv_tf.metrics.names import FINEST, REDUCTIONS

_KINDS = tuple((each.key + FINEST, each.label, color) for each, color in zip(REDUCTIONS, ("tab:blue", "tab:orange")))


def study_figure(result):
    """Draw the finest-level metrics of all members as bars, with the reference's as dashed lines; means of seeds.

    Parameters
    ----------
    result : dict
        What the study's JSON file holds.

    Returns
    -------
    matplotlib.figure.Figure
    """
    rows = _means_of_seeds(result["members"])[::-1]
    reference = next(row for row in rows if row["name"] == result["reference"])
    size = (0.35 * len(rows) + 0.2, 3.2)
    figure, panels = panel_figure(1, 2, size, gaps=(0.4, 0.4), margins=(0.4, 0.3, 0.5, 2.1), title=result["title"])
    lowest = min(min(row[key] for row in rows) for key, *_ in _KINDS)
    for panel, (key, label, color) in zip(panels[0], _KINDS):
        bars = panel.barh([row["name"] for row in rows], [row[key] for row in rows], color=color)
        panel.bar_label(bars, fmt="%.1f", fontsize=7, label_type="center", color="white")
        panel.axvline(reference[key], color="black", linestyle="--", linewidth=0.8)
        # Differences between 80 and 90 are what there is to see; the axis says that it does not begin at zero.
        panel.set_xlim(min(0.0, lowest) if lowest < 30 else 10 * (lowest // 10 - 1), 100)
        panel.set_title(f"{label}, finest level, %", fontsize=9)
        panel.tick_params(labelsize=7)
    panels[0][1].set_yticklabels([])
    return figure


def _means_of_seeds(rows):
    """Return one row per member, of those that were trained with several seeds the mean of the metrics."""
    groups = {}
    for row in rows:
        groups.setdefault(row.get("of", row["name"]), []).append(row)
    keys = [key for key, *_ in _KINDS]
    means = {name: {key: sum(row[key] for row in group) / len(group) for key in keys} for name, group in groups.items()}
    return [{"name": name, **values} for name, values in means.items()]
