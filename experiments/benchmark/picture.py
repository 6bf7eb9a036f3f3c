"""The benchmark in one picture."""

from __future__ import annotations

from dirv_tf.figures.canvas import panel_figure
from experiments.benchmark import scaling, training_steps, unit_parts

_COLORS = {"dirv_tf": "tab:blue", "textbook": "tab:orange", "VoxelMorph": "tab:green", "demons": "tab:red"}
_OTHERS = "tab:gray"


def benchmark_figure(rows, sides):
    """Draw training steps, registration times over the size, the parts of a step, and the growth with the network.

    Parameters
    ----------
    rows : list of Row
    sides : sequence of int
        Pixels per side of the registered pairs.

    Returns
    -------
    matplotlib.figure.Figure
        Panels only of what was measured.
    """
    drawings = [_training, lambda panel, rows: _inference(panel, rows, sides)]
    if any(row.section == unit_parts.FORWARD for row in rows):
        drawings.append(_parts)
    if any(row.section == scaling.UNITS for row in rows):
        drawings.append(_scaling)
    figure, panels = panel_figure(
        1, len(drawings), (2.4, 3.0), gaps=(0.4, 1.9), margins=(0.3, 0.3, 0.55, 1.3), title="dirv_tf: time and growth"
    )
    for panel, draw in zip(panels[0], drawings):
        draw(panel, rows)
        panel.tick_params(labelsize=7)
        panel.grid(alpha=0.3)
    return figure


def _bars(panel, rows, colors, left=None, label=None):
    middles = [row.value.median for row in rows]
    errors = [
        [row.value.median - row.value.lower_quartile for row in rows],
        [row.value.upper_quartile - row.value.median for row in rows],
    ]
    panel.barh([row.name for row in rows], middles, xerr=errors, color=colors, left=left, label=label, ecolor="black")
    panel.set_xlabel("ms", fontsize=8)


def _training(panel, rows):
    names = (training_steps.FLOOR, "memory floor", "VoxelMorph", "textbook", "dirv_tf")
    shown = [row for name in names for row in rows if (row.section, row.name) == (training_steps.SECTION, name)]
    _bars(panel, shown, [_COLORS.get(row.name, _OTHERS) for row in shown])
    panel.set_title("training step", fontsize=9)


def _inference(panel, rows, sides):
    for name, color in _COLORS.items():
        points = [
            (side**2, row.value.median)
            for side in sides
            for row in rows
            if (row.section, row.name) == (f"inference {side}²", name)
        ]
        if points:
            panel.plot(*zip(*points), "o-", color=color, label=name, linewidth=1.2, markersize=4)
    panel.set_xscale("log")
    panel.set_yscale("log")
    panel.set_xticks([side**2 for side in sides], [f"{side}²" for side in sides])
    panel.set_xticks([], minor=True)
    panel.set_title("registration of one pair", fontsize=9)
    panel.set_xlabel("pixels", fontsize=8)
    panel.set_ylabel("ms", fontsize=8)
    panel.legend(fontsize=7)


def _parts(panel, rows):
    forward = [row for row in rows if row.section == unit_parts.FORWARD][::-1]
    backward = {row.name: row for row in rows if row.section == unit_parts.BACKWARD}
    _bars(panel, forward, "tab:blue", label="forward")
    both = [row for row in forward if row.name in backward]
    _bars(panel, [backward[row.name] for row in both], "tab:cyan", [row.value.median for row in both], "backward")
    panel.set_title("parts of the training step", fontsize=9)
    panel.legend(fontsize=7)


def _scaling(panel, rows):
    for section, color in ((scaling.UNITS, "tab:blue"), (scaling.EXPERTS, "tab:orange")):
        members = [row for row in rows if row.section == section]
        errors = [
            [row.value.median - row.value.lower_quartile for row in members],
            [row.value.upper_quartile - row.value.median for row in members],
        ]
        numbers = [int(row.name) for row in members]
        medians = [row.value.median for row in members]
        panel.errorbar(numbers, medians, errors, fmt="o-", color=color, label=section.split()[-1], markersize=4)
    panel.set_title("training step by size of network", fontsize=9)
    panel.set_xlabel("units or experts", fontsize=8)
    panel.set_ylabel("ms", fontsize=8)
    panel.set_xlim(left=0)
    panel.set_ylim(bottom=0)
    panel.legend(fontsize=7)
