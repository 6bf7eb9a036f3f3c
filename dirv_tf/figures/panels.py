"""Single panels: an image, a colored map, arrows, a deformed grid. Array axis 0 points down, axis 1 to the right."""

from __future__ import annotations

import numpy as np
from matplotlib.collections import LineCollection
from matplotlib.ticker import MaxNLocator

from dirv_tf.figures.canvas import fix_title

# Perceptually even maps: one for signed values (white is zero), one for magnitudes, one for errors.
SIGNED_COLORS = "RdBu_r"
MAGNITUDE_COLORS = "viridis"
ERROR_COLORS = "magma"
_ARROWS_PER_SIDE = 16
_TITLE_SIZE = 9
_TICK_SIZE = 7
# In inches: room for the unit above a color bar, and the thickness of an arrow's shaft.
_BAR_UNIT_HEIGHT = 0.15
_ARROW_WIDTH = 0.012


def draw_image(axes, image, title="", limits=(0.0, 1.0)):
    """Draw a gray image.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
    image : array, shape (n_a, n_b)
        Intensities.
    title : str
        Shown above.
    limits : pair of float
        Drawn black and white.

    Returns
    -------
    matplotlib.image.AxesImage
    """
    return _draw_pixels(axes, image, title, limits, "gray")


def draw_map(axes, values, title="", limits=(0.0, 1.0), colors=MAGNITUDE_COLORS, unit="px", bar=True):
    """Draw values as colors, with a color bar that says their unit.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
    values : array, shape (n_a, n_b)
        Not-a-number leaves a pixel blank.
    title : str
        Shown above.
    limits : pair of float
        Ends of the color map.
    colors : str
        Name of a matplotlib color map.
    unit : str
        Written above the color bar.
    bar : bool
        Whether a color bar is drawn.

    Returns
    -------
    matplotlib.image.AxesImage
    """
    picture = _draw_pixels(axes, values, title, limits, colors)
    if bar:
        draw_color_bar(axes, picture, unit, beyond=_beyond(values, limits))
    return picture


def draw_color_bar(axes, picture, unit, beyond="neither"):
    """Draw a slim color bar to the right of a panel.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
        The panel.
    picture : matplotlib.image.AxesImage
        Its colors are explained.
    unit : str
        Written above the bar.
    beyond : str
        Which ends have an arrow because values lie outside: "neither", "min", "max" or "both".
    """
    box, figure_width = axes.get_position(), axes.figure.get_figwidth()
    # Equally slim beside narrow and wide panels.
    gap, thickness = (inches / (box.width * figure_width) for inches in (0.07, 0.11))
    height = 1.0 - _BAR_UNIT_HEIGHT / (box.height * axes.figure.get_figheight())
    place = axes.inset_axes((1.0 + gap, 0.0, thickness, height))
    fix_title(place)
    bar = axes.figure.colorbar(picture, cax=place, extend=beyond)
    bar.ax.tick_params(labelsize=_TICK_SIZE, length=2, pad=1)
    bar.outline.set_linewidth(0.5)
    bar.locator = MaxNLocator(nbins=5)
    bar.update_ticks()
    # Left-aligned with the bar, above it: the label never meets the tick labels.
    axes.text(1.0 + gap, 1.0, unit, transform=axes.transAxes, fontsize=_TICK_SIZE, va="top", ha="left")


def draw_vectors(axes, vectors, positions, factor=1.0, color="white"):
    """Draw a vector field as arrows over a panel.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
        Shows a picture with pixel (0, 0) at the upper left.
    vectors : array, shape (m_a, m_b, 2) or (m, 2)
        Component 0 downwards, component 1 to the right, in pixels of the panel.
    positions : pair of array
        Rows and columns of the arrows' tails: of a grid (m_a,) and (m_b,), or of every arrow (m,) and (m,).
    factor : float
        How many times longer than the displacement an arrow is drawn.
    color : str
        Any matplotlib color.

    Returns
    -------
    matplotlib.quiver.Quiver
        Its `U` holds what points right and its `V` what points down.
    """
    rows, columns = positions
    # "xy" takes the arrows through the axes' own, downward y axis: a positive V points down on the page.
    return axes.quiver(
        columns,
        rows,
        factor * vectors[..., 1],
        factor * vectors[..., 0],
        angles="xy",
        scale_units="xy",
        scale=1.0,
        color=color,
        units="inches",
        width=_ARROW_WIDTH,
        headwidth=4,
        headlength=4.5,
        headaxislength=4,
        minlength=0.4,
        zorder=3,
    )


def arrow_positions(shape):
    """Return rows and columns where arrows stand so that about 16 fit along the longer side.

    Parameters
    ----------
    shape : pair of int
        Rows and columns of the dense field.

    Returns
    -------
    pair of np.ndarray
    """
    step = arrow_spacing(shape)
    return tuple(np.arange(min(step // 2, side - 1), side, step) for side in shape)


def arrow_spacing(shape):
    """Return the pixels between neighboring arrows, see `arrow_positions`."""
    return max(1, int(np.ceil(max(shape) / _ARROWS_PER_SIDE)))


def arrow_factor(longest, spacing):
    """Return how often arrows are drawn longer than they are, so that they can be seen on a large image.

    Parameters
    ----------
    longest : float
        Length of the longest vector in pixels.
    spacing : float
        Pixels between arrows.

    Returns
    -------
    float
        A power of two: 1 where the vectors are long enough already.
    """
    if longest <= 0.0:
        return 1.0
    return float(2 ** int(np.clip(np.floor(np.log2(1.6 * spacing / longest)), 0, 6)))


def draw_deformed_grid(axes, vectors, spacing=None, color="#ffb000"):
    """Draw where the pixel grid of the fixed image lies in the moving image.

    A flow field is backward: pixel p of the fixed image is found at p + F(p) in the moving image. The lines therefore
    belong on top of the moving image, where they run through the same tissue as straight lines on the fixed image.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
        Shows the moving image.
    vectors : array, shape (n_a, n_b, 2)
        Dense field, component 0 downwards, component 1 to the right, in pixels.
    spacing : None or int
        Pixels between lines; None: about 16 lines along the longer side.
    color : str
        Any matplotlib color.

    Returns
    -------
    matplotlib.collections.LineCollection
    """
    height, width = vectors.shape[:2]
    spacing = spacing or arrow_spacing((height, width))
    rows, columns = np.meshgrid(np.arange(height), np.arange(width), indexing="ij")
    points = np.stack([columns + vectors[..., 1], rows + vectors[..., 0]], axis=-1)
    lines = [points[row] for row in range(0, height, spacing)]
    lines += [points[:, column] for column in range(0, width, spacing)]
    collection = LineCollection(lines, colors=color, linewidths=0.8)
    axes.add_collection(collection, autolim=False)
    return collection


def symmetric_limits(*arrays):
    """Return limits around zero that hold all values of several arrays.

    Parameters
    ----------
    *arrays : array
        Of any shape; not-a-number is passed over.

    Returns
    -------
    pair of float
        (-m, m) with m > 0.
    """
    largest = max(float(np.nanmax(np.abs(array))) for array in arrays)
    largest = largest if largest > 0.0 else 1.0
    return -largest, largest


def _draw_pixels(axes, values, title, limits, colors):
    low, high = limits
    picture = axes.imshow(values, cmap=colors, vmin=low, vmax=high, interpolation="nearest", aspect="equal")
    axes.set_xticks([])
    axes.set_yticks([])
    for spine in axes.spines.values():
        spine.set_linewidth(0.5)
    if title:
        axes.set_title(title, fontsize=_TITLE_SIZE, pad=3)
    return picture


def _beyond(values, limits):
    margin = 1e-6 * (limits[1] - limits[0])
    below = float(np.nanmin(values)) < limits[0] - margin
    above = float(np.nanmax(values)) > limits[1] + margin
    return {(False, False): "neither", (True, False): "min", (False, True): "max", (True, True): "both"}[below, above]
