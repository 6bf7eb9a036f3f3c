"""Learned potentials ψ and their integrals φ of every unit of a level (thesis Fig. 7)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import matplotlib
import numpy as np
from matplotlib.collections import LineCollection, PolyCollection
from matplotlib.ticker import MaxNLocator

from dirv_tf.figures.canvas import panel_figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# A field with one component: its experts run through one map. Several components: a color each, from light to dark.
_SINGLE_COLORS = "viridis"
_COMPONENT_COLORS = ("Blues", "Oranges", "Greens")
_COMPONENT_NAMES = ("blue", "orange", "green")
_TEXT_SIZE = 9
_TICK_SIZE = 7
_HEIGHT, _UNIT_WIDTH = 1.35, 2.0  # inches
_UNIT_PITCH = 1.06  # distance between units, relative to the drawn range


class PotentialCurves(NamedTuple):
    """The potentials of one field of experts, sampled for drawing.

    Attributes
    ----------
    positions : array, shape (m,)
        Filter responses at which the potentials are sampled.
    potentials : array, shape (components, experts, m)
        ψ of every expert.
    integrals : array, shape (components, experts, m)
        φ, the running integral of ψ.
    knot_range : pair of float
        Outside, ψ is constant.
    response_shares : None or array, shape (m - 1,)
        Share of the filter responses between neighboring positions.
    outside_percent : None or float
        Percent of the filter responses outside the knot range.
    """

    positions: np.ndarray
    potentials: np.ndarray
    integrals: np.ndarray
    knot_range: tuple
    response_shares: np.ndarray | None = None
    outside_percent: float | None = None


def potentials_figure(data_terms: Any, regularizers: Any, title: str = "") -> Figure:
    """Draw ψ and φ of every unit: columns are units; rows ψ and φ of the data term, then of the regularizer.

    All experts of a unit are drawn together; in the regularizer their color says to which component they belong. A
    row has one scale, so that units can be compared. The gray area behind ψ is the distribution of the filter
    responses where it is known (square root of their frequency); dashed lines bound the knot range.

    Parameters
    ----------
    data_terms, regularizers : sequence over units of PotentialCurves
        Potentials of the two fields of experts.
    title : str
        Heading.

    Returns
    -------
    matplotlib.figure.Figure
    """
    units = len(data_terms)
    figure, panels = panel_figure(
        4, 1, (_HEIGHT, _UNIT_WIDTH * units), gaps=(0.4, 0.0), margins=(0.3, 0.2, 0.4, 1.4), title=title
    )
    for first, name, terms in ((0, "data term", data_terms), (2, "regularizer", regularizers)):
        _draw_row(panels[first, 0], terms, [each.potentials for each in terms], f"{name}\nψ{_legend(terms)}")
        _draw_row(panels[first + 1, 0], terms, [each.integrals for each in terms], f"{name}\nφ = ∫ψ")
        _draw_responses(panels[first, 0], terms)
        for unit, term in enumerate(terms):
            outside = "" if term.outside_percent is None else f": {term.outside_percent:.1f} % outside"
            panels[first, 0].text(
                _shift(terms, unit) + np.mean(term.knot_range),
                1.03,
                f"unit {unit}{outside}",
                transform=panels[first, 0].get_xaxis_transform(),
                fontsize=_TEXT_SIZE,
                ha="center",
                va="bottom",
            )
    panels[3, 0].set_xlabel("filter response", fontsize=_TICK_SIZE + 1, labelpad=1)
    return figure


def _legend(terms):
    components = len(terms[0].potentials)
    if components == 1:
        return ""
    return "\n" + "".join(f"\n{_COMPONENT_NAMES[component]}: axis {component}" for component in range(components))


def _shift(terms, unit):
    """Units stand side by side on one axis: what is added to the filter responses of a unit."""
    return unit * _UNIT_PITCH * (terms[0].positions[-1] - terms[0].positions[0])


def _draw_row(axes, terms, curves, name):
    low = min(float(each.min()) for each in curves)
    high = max(float(each.max()) for each in curves)
    margin = 0.06 * (high - low) or 1.0
    axes.set_xlim(terms[0].positions[0], _shift(terms, len(terms) - 1) + terms[-1].positions[-1])
    axes.set_ylim(low - margin, high + margin)
    for side in ("top", "right", "bottom"):
        axes.spines[side].set_visible(False)
    ticks, labels = [], []
    for unit, (term, values) in enumerate(zip(terms, curves)):
        shift = _shift(terms, unit)
        for component, experts in enumerate(values):
            axes.add_collection(_lines(shift + term.positions, experts, component, len(values)), autolim=False)
        marks = [term.knot_range[0], 0.5 * sum(term.knot_range), term.knot_range[1]]
        ticks += [shift + mark for mark in marks]
        labels += [f"{mark:g}" for mark in marks]
    bounds = [tick for index, tick in enumerate(ticks) if index % 3 != 1]
    axes.vlines(bounds, low - margin, high + margin, colors="0.6", linewidth=0.6, linestyles="--")
    extents = [(_shift(terms, unit) + term.positions[[0, -1]]) for unit, term in enumerate(terms)]
    axes.hlines([0.0] * len(terms), *zip(*extents), colors="0.6", linewidth=0.6)
    axes.set_xticks(ticks, labels)
    axes.tick_params(labelsize=_TICK_SIZE, length=2, pad=1)
    axes.yaxis.set_major_locator(MaxNLocator(nbins=4))
    axes.set_ylabel(name, fontsize=_TEXT_SIZE, rotation=0, ha="right", va="center", labelpad=4)


def _lines(positions, experts, component, components):
    # The ends of the maps are left out: the lightest shades would vanish on white.
    name, shades = (_SINGLE_COLORS, (0.0, 0.9)) if components == 1 else (_COMPONENT_COLORS[component], (0.4, 0.95))
    colors = matplotlib.colormaps[name](np.linspace(*shades, len(experts)))
    points = np.stack([np.broadcast_to(positions, experts.shape), experts], axis=-1)
    return LineCollection(list(points), colors=colors, linewidths=0.7, alpha=0.85)


def _draw_responses(axes, terms):
    bottom, top = axes.get_ylim()
    areas = []
    for unit, term in enumerate(terms):
        if term.response_shares is not None and term.response_shares.max() > 0.0:
            # Most responses lie near zero; the square root keeps the tails, which are what matters, in sight.
            heights = bottom + 0.9 * (top - bottom) * np.sqrt(term.response_shares / term.response_shares.max())
            edges = (_shift(terms, unit) + term.positions).repeat(2)
            areas.append(np.stack([edges, np.concatenate([[bottom], heights.repeat(2), [bottom]])], axis=-1))
    axes.add_collection(PolyCollection(areas, facecolors="0.88", zorder=0), autolim=False)
