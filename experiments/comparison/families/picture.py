"""The picture of the comparison, accuracy against time: `python -m experiments.comparison.families.picture`."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import matplotlib
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

from dirv_tf.figures.canvas import panel_figure
from dirv_tf.io.atomic_write import atomic_path
from experiments.comparison.families.networks import FAMILIES
from experiments.comparison.families.page import RECORD
from experiments.folders import CHECKOUT

PANELS = ("chessboards-64", "tissue-128", "chessboards-128-large", "chessboards-128-affine")
FILE = CHECKOUT / "docs" / "pictures" / "comparison.svg"
# Colors that also differ for the color-blind; what is no network is black or gray.
_COLORS = {"dirv_net": "#2a78d6", "voxelmorph": "#eb6834", "dlir": "#1baa7a", "avsm": "#eda100", "rwcnet": "#4a3aa7"}
_MARKERS = {
    "once": "o", "refined": "s", "optimized": "^", "optimization": "*", "register": "D", "classical": "P",
}
_WORDS = {
    "once": "one pass", "refined": "refined", "optimized": "one pass, then optimized",
    "optimization": "optimization alone", "register": "register, register fast", "classical": "demons, B-splines",
}
_OTHER = {"register": "#111111", "classical": "#8a8a86", "optimization": "#8a8a86"}
_SIZE = {"*": 80, "P": 50}


def draw(record: dict[str, Any], panels: tuple[str, ...] = PANELS) -> Figure:
    """Draw one panel per set: endpoint error against processor seconds per pair, both logarithmic.

    Parameters
    ----------
    record : dict
        The content of comparison.json.
    panels : tuple of str
        Names of sets with known fields, an even number of them.

    Returns
    -------
    matplotlib.figure.Figure
    """
    figure, axes = panel_figure(len(panels) // 2, 2, (2.7, 3.9), (0.62, 0.6), (0.3, 2.15, 0.5, 0.65))
    for number, (name, panel) in enumerate(zip(panels, axes.flat)):
        entry = record["sets"][name]
        _panel(panel, record["networks"], entry["rows"])
        panel.set_title(entry["title"], fontsize=10, loc="left")
        if number % 2 == 0:
            panel.set_ylabel("endpoint error, pixels")
        if number // 2 == len(panels) // 2 - 1:
            panel.set_xlabel("processor seconds per pair")
    _legend(figure)
    return figure


def _panel(panel, networks, rows):
    for axis, scale in ((panel.xaxis, panel.set_xscale), (panel.yaxis, panel.set_yscale)):
        scale("log")
        axis.set_major_formatter(FuncFormatter(lambda value, place: f"{value:g}"))
        axis.set_minor_formatter(NullFormatter())
    panel.grid(True, which="major", color="#e4e3df", linewidth=0.8)
    panel.set_axisbelow(True)
    for side in ("top", "right"):
        panel.spines[side].set_visible(False)
    for axis, key in ((panel.xaxis, "cpu_seconds"), (panel.yaxis, "endpoint_px")):
        values = [row[key] for row in rows]
        # Numbers such as 0.05 and 2 rather than powers of ten; more of them within one, and fewer over many.
        ratio = max(values) / min(values)
        subs = (1,) if ratio > 2000 else (1, 2, 5) if ratio > 8 else (1, 1.2, 1.5, 2, 3, 5, 7)
        axis.set_major_locator(LogLocator(subs=subs))
    once = {row["name"]: row for row in rows if row["way"] == "once"}
    for row in rows:
        facts = networks.get(row["name"])
        color = _OTHER[row["way"]] if facts is None else _COLORS[facts["family"]]
        filled = facts is None or facts["supervised"]
        place = row["cpu_seconds"], row["endpoint_px"]
        if row["way"] == "optimized" and row["name"] in once:
            start = once[row["name"]]
            along = zip((start["cpu_seconds"], start["endpoint_px"]), place)
            panel.plot(*along, color=color, linewidth=0.8, alpha=0.5)
        marker = _MARKERS[row["way"]]
        panel.scatter(
            *place, s=_SIZE.get(marker, 36), marker=marker, edgecolors=color, facecolors=color if filled else "white",
            linewidths=1.3, zorder=3,
        )


def _legend(figure):
    def entry(marker, color, words, filled=True):
        face = color if filled else "white"
        return Line2D([], [], linestyle="", marker=marker, color=color, markerfacecolor=face, label=words)

    handles = [entry("o", _COLORS[kind], title) for kind, title in FAMILIES.items()]
    gray = "#55554f"
    handles += [entry("o", gray, "trained with true fields"), entry("o", gray, "trained without", filled=False)]
    handles += [entry(_MARKERS[way], _OTHER.get(way, gray), words) for way, words in _WORDS.items()]
    figure.legend(handles=handles, loc="center right", frameon=False, fontsize=8, borderaxespad=0.3)


def main(record: Path = RECORD, file: Path = FILE) -> int:
    """Write the picture of a record; return the exit status."""
    content = json.loads(Path(record).read_text(encoding="utf-8"))
    settings = {"svg.hashsalt": "dirv_tf", "font.family": "DejaVu Sans", "font.size": 9}
    with matplotlib.rc_context(settings), atomic_path(Path(file)) as temporary:
        draw(content).savefig(temporary, format="svg", metadata={"Date": None})
    print(f"Written: {file}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
