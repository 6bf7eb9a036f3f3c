"""Arrows, grids and scales: directions and units."""

import numpy as np
import pytest

from dirv_tf.figures.canvas import figure_to_rgb, panel_figure, save_figure
from dirv_tf.figures.panels import (
    arrow_factor,
    arrow_positions,
    arrow_spacing,
    draw_deformed_grid,
    draw_image,
    draw_map,
    draw_vectors,
    symmetric_limits,
)


@pytest.fixture
def figure_and_axes():
    figure, panels = panel_figure(1, 1, (2.0, 2.0), margins=(0.0, 0.0, 0.0, 0.0))
    draw_image(panels[0, 0], np.zeros((20, 20)))
    return figure, panels[0, 0]


def test_component_0_points_down_and_component_1_right(figure_and_axes):
    _, axes = figure_and_axes
    vectors = np.array([[[3.0, 0.0], [0.0, 5.0]]])
    quiver = draw_vectors(axes, vectors, (np.array([4]), np.array([2, 9])), factor=2.0)
    np.testing.assert_array_equal(np.ravel(quiver.V), [6.0, 0.0])
    np.testing.assert_array_equal(np.ravel(quiver.U), [0.0, 10.0])
    np.testing.assert_array_equal(quiver.XY, [[2, 4], [9, 4]])
    bottom, top = axes.get_ylim()
    assert bottom > top  # rows are counted downwards


def test_a_downward_arrow_is_drawn_downwards(figure_and_axes):
    """On the picture itself: what the arrow paints lies below its tail, and in its column."""
    figure, axes = figure_and_axes
    draw_vectors(axes, np.array([[[8.0, 0.0]]]), (np.array([5]), np.array([10])), color="white")
    rows, columns = np.nonzero(figure_to_rgb(figure)[2:-2, 2:-2].min(axis=-1) > 128)
    pixels_per_row = 200 / 20
    assert 5 * pixels_per_row <= rows.mean() <= 14 * pixels_per_row
    assert rows.max() == pytest.approx((5 + 8 + 0.5) * pixels_per_row, abs=6)
    assert columns.mean() == pytest.approx((10 + 0.5) * pixels_per_row, abs=4)


def test_deformed_grid_runs_through_p_plus_f(figure_and_axes):
    _, axes = figure_and_axes
    field = np.zeros((20, 20, 2))
    field[..., 0], field[..., 1] = 2.0, -1.0
    lines = draw_deformed_grid(axes, field, spacing=10).get_segments()
    assert len(lines) == 4
    np.testing.assert_allclose(lines[1], np.stack([np.arange(20) - 1.0, np.full(20, 12.0)], axis=-1))
    np.testing.assert_allclose(lines[3], np.stack([np.full(20, 9.0), np.arange(20) + 2.0], axis=-1))


@pytest.mark.parametrize("shape", [(64, 64), (7, 3), (300, 40), (1, 1)])
def test_arrows_stand_inside_the_picture(shape):
    for positions, side in zip(arrow_positions(shape), shape):
        assert 1 <= len(positions) <= 16
        assert 0 <= positions[0] <= positions[-1] < side
    assert arrow_spacing(shape) >= 1


def test_short_arrows_are_stretched_and_long_ones_are_not():
    assert arrow_factor(longest=8.0, spacing=4) == 1.0
    assert arrow_factor(longest=0.0, spacing=4) == 1.0
    factor = arrow_factor(longest=0.5, spacing=4)
    assert factor > 1.0 and 0.5 * factor <= 8.0


def test_symmetric_limits():
    assert symmetric_limits(np.array([-3.0, 1.0]), np.array([2.0, np.nan])) == (-3.0, 3.0)
    assert symmetric_limits(np.zeros(3)) == (-1.0, 1.0)


@pytest.mark.parametrize("values, extend", [([0.0, 1.0], "neither"), ([-1.0, 1.0], "min"), ([0.0, 2.0], "max")])
def test_color_bar_tells_what_lies_beyond(figure_and_axes, values, extend):
    _, axes = figure_and_axes
    picture = draw_map(axes, np.array([values]), limits=(0.0, 1.0), unit="px")
    assert picture.colorbar.extend == extend
    assert "px" in [text.get_text() for text in axes.texts]


def test_saved_figure_is_a_whole_file(tmp_path, figure_and_axes):
    save_figure(figure_and_axes[0], tmp_path / "folder" / "figure.png")
    assert [path.name for path in (tmp_path / "folder").iterdir()] == ["figure.png"]
    assert (tmp_path / "folder" / "figure.png").read_bytes().startswith(b"\x89PNG")
