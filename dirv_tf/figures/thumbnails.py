"""Small pictures of a registered pair, to look over many of them at once."""

from __future__ import annotations

from typing import Any

import numpy as np

from dirv_tf.figures.canvas import DOTS_PER_INCH, figure_to_rgb, panel_figure
from dirv_tf.figures.central_slice import central_slice, in_plane_components
from dirv_tf.figures.panels import draw_deformed_grid, draw_image

SIDE = 150
# Beyond these a few bright pixels would leave all others dark.
_PERCENTILES = (0.5, 99.5)


def pair_thumbnails(
    fixed: Any, moving: Any, registered: Any, flow_field: Any, side: int = SIDE
) -> dict[str, np.ndarray]:
    """Draw a registered pair as pictures of at most `side` pixels.

    Parameters
    ----------
    fixed, moving, registered : array, shape (n_1, ..., n_r)
        Intensities; the moving image as it lies on the fixed image's grid. Of volumes, the central slice is drawn.
    flow_field : array, shape (n_1, ..., n_r, r)
        Backward, pixels, component i along array axis i.
    side : int
        Pixels of the longer side.

    Returns
    -------
    dict of np.ndarray, shape (height, width, 3), uint8
        By title: "fixed", "moving", "registered"; "before" and "after", the fixed image in magenta over the moving or
        the registered one in green, which together are gray; "grid", the fixed image's grid as it lies in the moving
        image.

    Examples
    --------
    >>> import numpy as np
    >>> from dirv_tf.figures import pair_thumbnails
    >>> image, field = np.random.default_rng(0).random((40, 80)), np.zeros((40, 80, 2))
    >>> pair_thumbnails(image, image, image, field)["grid"].shape
    (75, 150, 3)
    """
    rank = np.ndim(fixed)
    planes = [np.asarray(central_slice(each, rank), np.float32) for each in (fixed, moving, registered)]
    shape = planes[0].shape
    size = tuple(max(1, round(side * length / max(shape))) for length in shape)
    ranges = [np.percentile(plane, _PERCENTILES) for plane in planes[:2]]
    small = [_resized(_stretched(plane, ranges[index > 0]), size) for index, plane in enumerate(planes)]
    still, before, after = (np.rint(255.0 * image).astype(np.uint8) for image in small)
    return {
        "fixed": _overlay(still, still),
        "moving": _overlay(before, before),
        "registered": _overlay(after, after),
        "before": _overlay(still, before),
        "after": _overlay(still, after),
        "grid": _grid(small[1], in_plane_components(flow_field, rank)),
    }


def _stretched(plane, limits):
    low, high = limits
    return np.clip((plane - low) / max(high - low, 1e-12), 0.0, 1.0)


def _resized(plane, size):
    from PIL import Image

    way = Image.Resampling.BOX if max(plane.shape) > max(size) else Image.Resampling.BILINEAR
    return np.asarray(Image.fromarray(plane).resize(size[::-1], way)).clip(0.0, 1.0)


def _overlay(magenta, green):
    return np.stack([magenta, green, magenta], axis=-1)


def _grid(image, field):
    size, shape = image.shape, field.shape[:2]
    places = (np.linspace(0, full - 1, small).round().astype(int) for full, small in zip(shape, size))
    vectors = field[np.ix_(*places)] * np.divide(size, shape)
    figure, panels = panel_figure(1, 1, np.divide(size, DOTS_PER_INCH), margins=(0.0, 0.0, 0.0, 0.0))
    draw_image(panels[0, 0], image)
    panels[0, 0].set_axis_off()
    draw_deformed_grid(panels[0, 0], vectors)
    return figure_to_rgb(figure)
