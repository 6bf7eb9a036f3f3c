"""The demo's picture of an image deformed by a known field: images, differences, deformed grid, both fields."""

from __future__ import annotations

from pathlib import Path
from textwrap import wrap

import numpy as np

from dirv_tf.figures.canvas import panel_figure, picture_panel_size
from dirv_tf.figures.central_slice import central_slice, in_plane_components
from dirv_tf.figures.panels import (
    ERROR_COLORS,
    MAGNITUDE_COLORS,
    SIGNED_COLORS,
    arrow_factor,
    arrow_positions,
    arrow_spacing,
    draw_deformed_grid,
    draw_image,
    draw_map,
    draw_vectors,
    symmetric_limits,
)

TRUE_GRID_COLOR = "#35c9ff"
# Letters that a line of the metrics holds.
_LINE = 30


def known_picture(title, result, true_flow_field, accuracy):
    """Draw a registered pair whose true field is known; a volume by the central slice across its first axis.

    The upper row holds the images and their differences before and after; the lower row the fixed image's grid on the
    moving image (true and predicted), both fields on one color scale, the endpoint error, and the metrics in words.

    Parameters
    ----------
    title : str
    result : RegistrationResult
    true_flow_field : ndarray, shape (n_1, ..., n_r, r), pixels
    accuracy : RegistrationAccuracy

    Returns
    -------
    matplotlib.figure.Figure
    """
    images = {name: central_slice(image, result.rank) for name, image in result.unit_interval_images().items()}
    figure, panels = panel_figure(2, 5, picture_panel_size(images["fixed"].shape, 2.9), gaps=(0.45, 0.7), title=title)
    _draw_images(panels[0], images)
    _draw_fields(panels[1], images["moving"], result.flow_field, true_flow_field)
    _write_metrics(panels[1, 4], result, accuracy)
    return figure


def _draw_images(panels, images):
    draw_image(panels[0], images["fixed"], "fixed")
    draw_image(panels[1], images["moving"], "moving (before)")
    draw_image(panels[2], images["registered"], "registered (after)")
    before, after = (100.0 * (images[name] - images["fixed"]) for name in ("moving", "registered"))
    limits = symmetric_limits(before)
    draw_map(panels[3], before, "moving - fixed", limits, SIGNED_COLORS, unit="% of range")
    draw_map(panels[4], after, "registered - fixed", limits, SIGNED_COLORS, unit="% of range")


def _draw_fields(panels, moving, flow_field, true_flow_field):
    rank = flow_field.shape[-1]
    predicted, true = (in_plane_components(field, rank) for field in (flow_field, true_flow_field))
    # A pale ground lets thin colored lines stand out on dark tissue.
    draw_image(panels[0], 0.5 + 0.5 * moving, "grid on moving: true blue, found orange")
    draw_deformed_grid(panels[0], true, color=TRUE_GRID_COLOR)
    draw_deformed_grid(panels[0], predicted, color="#d95f02")
    lengths = [np.linalg.norm(central_slice(field, rank), axis=-1) for field in (true_flow_field, flow_field)]
    limits = (0.0, float(max(length.max() for length in lengths)))
    positions = arrow_positions(predicted.shape[:2])
    factor = arrow_factor(limits[1], arrow_spacing(predicted.shape[:2]))
    stretched = f", arrows x{factor:.0f}" if factor > 1 else ""
    for axes, name, vectors, length in zip(panels[1:3], ("true", "predicted"), (true, predicted), lengths):
        draw_map(axes, length, f"{name} field, length{stretched}", limits, MAGNITUDE_COLORS)
        draw_vectors(axes, vectors[np.ix_(*positions)], positions, factor, color="white")
    error = np.linalg.norm(central_slice(flow_field - true_flow_field, rank), axis=-1)
    # A scale of its own: on that of the fields a good registration would be plain black.
    draw_map(panels[3], error, "endpoint error, own scale", (0.0, float(error.max()) or 1.0), ERROR_COLORS)


def _write_metrics(axes, result, accuracy):
    axes.set_axis_off()
    lines = [
        "registered by",
        *(f"  {line}" for line in wrap(Path(result.model_name).name, _LINE)),
        "",
        f"size    {' x '.join(map(str, result.size))}",
        f"time    {result.seconds:.2f} s",
        "",
        "mean |difference|",
        f"  {100 * accuracy.difference_before:.2f} % -> {100 * accuracy.difference_after:.2f} %",
        f"  reduced by {accuracy.difference_reduction:.1f} %",
        "",
        "mean endpoint error",
        f"  {accuracy.endpoint_error_before:.2f} px -> {accuracy.endpoint_error_after:.2f} px",
        f"  reduced by {accuracy.endpoint_error_reduction:.1f} %",
        "",
        f"folded  {accuracy.folded_percent:.3f} %",
    ]
    axes.text(0.0, 1.0, "\n".join(lines), transform=axes.transAxes, va="top", family="monospace", fontsize=9)
