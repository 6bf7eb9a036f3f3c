"""The calibration plot: errors found over what was predicted."""

from __future__ import annotations

from typing import Any

from dirv_tf.figures.canvas import panel_figure

_COLORS = {"register": "tab:blue", "best-2d": "tab:orange", "demons": "tab:green", "B-splines": "tab:red"}
# Bins of fewer components are not drawn: their root mean squares are those of a few pixels.
_LEAST = 100


def calibration_figure(record: dict[str, Any]) -> Any:
    """Draw the root mean square error of every bin over its predicted standard deviation, a panel per set.

    Parameters
    ----------
    record : dict
        Of `experiments.uncertainty.run.measure_uncertainty`.

    Returns
    -------
    matplotlib.figure.Figure
    """
    figure, panels = panel_figure(
        1, len(record["sets"]), (2.5, 2.5), gaps=(0.4, 0.6), margins=(0.3, 0.3, 0.55, 0.6),
        title=f"{record['model']}: errors found and predicted",
    )
    for panel, each in zip(panels[0], record["sets"]):
        ends = []
        for row in each["methods"]:
            bins = row["bins"]
            points = [
                (predicted, found)
                for count, predicted, found in zip(bins["counts"], bins["predicted"], bins["found"])
                if count >= _LEAST
            ]
            panel.plot(*zip(*points), marker="o", markersize=3, color=_COLORS[row["method"]], label=row["method"])
            ends += [value for point in points for value in point]
        panel.plot([0, max(ends)], [0, max(ends)], color="gray", linewidth=0.8, linestyle="--")
        panel.set_title(each["name"], fontsize=9)
        panel.set_xlabel("predicted σ, px", fontsize=8)
        panel.set_ylabel("root mean square error, px", fontsize=8)
        panel.tick_params(labelsize=7)
        panel.legend(fontsize=7)
        panel.grid(alpha=0.3)
    return figure
