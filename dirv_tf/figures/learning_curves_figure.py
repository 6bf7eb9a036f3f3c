"""Learning curves of a run: losses and reductions over the epochs, per level (thesis Fig. 11)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from matplotlib.ticker import MaxNLocator

from dirv_tf.figures.canvas import panel_figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_COLORS = ("tab:blue", "tab:orange", "tab:green", "tab:red", "tab:purple")


def learning_curves_figure(history: Any, title: str = "") -> Figure:
    """Draw both losses and both reductions: training as lines, unseen pairs dashed.

    A run of several levels has a curve per level and the black one of their mean; displacements of a level are in its
    own pixels.

    Parameters
    ----------
    history : mapping of str to sequence of float, length epochs
        With "epoch" and the logged values by name, such as "l_dis", "val_l_dis", "l_dis_level0".
    title : str
        Heading.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    ValueError
        When there is no epoch.
    """
    # With the metrics comes TensorFlow, which the other figures do without.
    from dirv_tf.metrics.names import LEVEL_METRICS

    epochs = history.get("epoch", ())
    if not len(epochs):
        raise ValueError(f"Expected a history of at least one epoch. Received: history with {sorted(history)}")
    shown = [metric for metric in LEVEL_METRICS if metric.key in history]
    figure, panels = panel_figure(
        1, len(shown), (2.1, 2.6), gaps=(0.4, 0.6), margins=(0.25, 0.2, 0.5, 0.5), title=title
    )
    for panel, metric in zip(panels[0], shown):
        _draw(panel, history, metric.key)
        panel.set_title(metric.title, fontsize=9)
        panel.set_xlabel("epoch", fontsize=8)
        panel.tick_params(labelsize=7)
        panel.xaxis.set_major_locator(MaxNLocator(5, integer=True))
        panel.grid(alpha=0.3)
    panels[0, 0].legend(fontsize=7)
    return figure


def _draw(panel, history, key):
    levels = sum(f"{key}_level{level}" in history for level in range(len(_COLORS)))
    curves = [("", "mean of levels" if levels > 1 else "training", "black")]
    if levels > 1:
        curves += [(f"_level{level}", f"level {level}", _COLORS[level]) for level in range(levels)]
    # A single epoch makes no line.
    marker = "o" if len(history["epoch"]) == 1 else None
    for suffix, label, color in curves:
        panel.plot(history["epoch"], history[key + suffix], color=color, label=label, marker=marker, linewidth=1.2)
        unseen = history.get(f"val_{key}{suffix}")
        if unseen is not None:
            name = None if suffix else "dashed: unseen"
            panel.plot(history["epoch"], unseen, "--", color=color, label=name, marker=marker, linewidth=1.0)
