"""The demo's picture of a real pair: what was given, what was found, and how well it fits before and after."""

from __future__ import annotations

import numpy as np
from matplotlib.collections import LineCollection

from dirv_tf.figures import central_slice, in_plane_components, pair_thumbnails
from dirv_tf.figures.canvas import panel_figure, picture_panel_size
from dirv_tf.figures.panels import draw_deformed_grid, draw_image
from dirv_tf.registration.maps.linear_map import inside

# In inches; titles must fit above the narrowest panel.
_PANEL, _NARROWEST = 3.6, 2.4
_PIXELS = 400
# Squares of a checkerboard along its longer side.
_SQUARES = 10
_TRUE, _FOUND, _GRID = "#0072b2", "#e66100", "#e66100"
# Where a pixel of the fixed image lies beyond the moving one; no image of tissue has the color.
_BLANK = (214, 222, 235)
# Beyond these a few bright pixels would leave all others dark.
_PERCENTILES = (0.5, 99.5)


def real_picture(title, result, errors=None):
    """Draw a real pair, each column with what was given above what was found; a volume by its central slice.

    The columns hold the fixed image and its grid as it lies in the moving one; the moving and the registered image;
    the fixed image in magenta over the other one in green, before and after; both by turns on a checkerboard; and
    landmarks of the fixed image on the moving one, where they are found and where they belong. What the moving image
    says nothing of is blank.

    Parameters
    ----------
    title : str
    result : RegistrationResult
    errors : LandmarkErrors, optional

    Returns
    -------
    matplotlib.figure.Figure
    """
    images = result.unit_interval_images()
    beyond = result.initial.decomposed(result.flow_field)
    small = pair_thumbnails(**images, flow_field=beyond, side=_PIXELS)
    moving, field = _given_moving(result, images, beyond)
    # Both images fit into a panel at one scale.
    shape = np.maximum(central_slice(images["fixed"], result.rank).shape, moving.shape)
    figure, panels = panel_figure(
        2, 4 if errors is None else 5, picture_panel_size(shape, _PANEL, _NARROWEST), gaps=(0.5, 0.15),
        margins=(0.45, 0.2, 0.1, 0.2), title=title,
    )
    _draw_image(panels[0, 0], small["fixed"], "fixed")
    _draw_pale(panels[1, 0], moving, "grid of the fixed image\non the moving one")
    draw_deformed_grid(panels[1, 0], field, color=_GRID)
    low, high = np.percentile(moving, _PERCENTILES)
    draw_image(panels[0, 1], moving, "moving, as given", (low, max(high, low + 1e-6)))
    inside_moving = _inside(result, small["fixed"].shape[:2])
    for row, (when, other, alike) in enumerate(
        (
            ("before", "moving", result.quality.similarity_before),
            ("after", "registered", result.quality.similarity_after),
        )
    ):
        shown = np.ones_like(inside_moving) if when == "before" else inside_moving
        if when == "after":
            _draw_image(panels[row, 1], _blank(small[other], shown), "registered")
        _draw_image(
            panels[row, 2], _blank(small[when], shown), f"{when}, alike {alike:.2f}\nfixed magenta, {other} green"
        )
        board = _checkerboard(small["fixed"], small[other])
        _draw_image(panels[row, 3], _blank(board, shown), f"{when}\nfixed and {other} by turns")
        if errors is not None:
            _draw_landmarks(panels[row, 4], moving, errors, when)
    return figure


def _given_moving(result, images, beyond):
    """Return the moving image as it is drawn, and the field that leads onto it."""
    if result.rank == 2 and result.initial.is_identity:
        # In its own size, which may be another one.
        return np.asarray(result.moving, np.float32).reshape(result.moving.shape[:2]), result.flow_field
    return central_slice(images["moving"], result.rank), in_plane_components(beyond, result.rank)


def _draw_image(axes, image, title):
    # Thumbnails hold colors, which have no limits.
    draw_image(axes, image, title, (None, None))


def _draw_pale(axes, image, title):
    low, high = np.percentile(image, _PERCENTILES)
    # Thin colored lines and dots stand out on a pale ground, be the tissue dark or bright.
    return draw_image(axes, image, title, (low - 1.2 * (high - low) - 1e-6, high + 1e-6))


def _inside(result, size):
    """Return which pixels of a small picture of the fixed image lie inside the moving one."""
    support = inside(result.flow_field, result.moving.shape[: result.rank])
    support = central_slice(support, result.rank)
    places = (np.linspace(0, full - 1, small).round().astype(int) for full, small in zip(support.shape, size))
    return support[np.ix_(*places)]


def _blank(image, shown):
    return np.where(shown[..., np.newaxis], image, np.uint8(_BLANK))


def _checkerboard(first, second):
    square = max(1, max(first.shape[:2]) // _SQUARES)
    rows, columns = (np.arange(length) // square for length in first.shape[:2])
    return np.where(((rows[:, np.newaxis] + columns) % 2 == 0)[..., np.newaxis], first, second)


def _draw_landmarks(axes, moving, errors, when):
    true, found = errors.true, errors.found[when]
    _draw_pale(axes, moving, f"{when}, median rTRE {errors.median[when]:.4f}\nlandmarks: found orange, true blue")
    lines = np.stack([true, found], axis=1)[..., ::-1]
    axes.add_collection(LineCollection(lines, colors=_FOUND, linewidths=0.9), autolim=False)
    limits = axes.get_xlim(), axes.get_ylim()
    axes.scatter(true[:, 1], true[:, 0], s=20, facecolors="none", edgecolors=_TRUE, linewidths=1.0, zorder=3)
    axes.scatter(found[:, 1], found[:, 0], s=4, color=_FOUND, linewidths=0, zorder=4)
    axes.set(xlim=limits[0], ylim=limits[1])
