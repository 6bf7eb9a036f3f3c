"""Figures of the report: refinement, planes of a volume, interpolation error. True scales, right places."""

import numpy as np
import pytest

from dirv_tf import figures
from dirv_tf.figures.registration_figure import difference_statistics


@pytest.fixture
def random():
    return np.random.default_rng(3)


def check_edges(figure):
    picture = figures.figure_to_rgb(figure)
    assert all(150 < side < 2500 for side in picture.shape[:2])
    # Nothing but the background at the edge: no text is cut off.
    for edge in (picture[0], picture[-1], picture[:, 0], picture[:, -1]):
        assert edge.min() == 255


def images_of(figure):
    return {axes.get_title(): axes.images[0] for axes in figure.axes if axes.images and axes.get_title()}


@pytest.mark.parametrize("size", [(32, 32), (16, 24, 32)])
@pytest.mark.parametrize("rounds", [0, 3])
def test_refinement_figure(random, size, rounds):
    fixed, moving, *registered = random.uniform(size=(2 + rounds, *size))
    figure = figures.refinement_figure(fixed, moving, registered)
    check_edges(figure)
    drawn = images_of(figure)
    assert len(drawn) == 2 * (rounds + 1)
    limits = {image.get_clim() for title, image in drawn.items() if title.endswith("- fixed")}
    largest = 255 * np.abs(figures.central_slice(moving - fixed, len(size))).max()
    assert limits == {(-largest, largest)}
    if rounds:
        expected = 255 * figures.central_slice(registered[-1] - fixed, len(size))
        np.testing.assert_allclose(drawn[f"round {rounds} - fixed"].get_array(), expected)
        assert difference_statistics(registered[-1] - fixed) in [axes.get_xlabel() for axes in figure.axes]


def test_volume_planes_figure(random):
    fixed, moving, registered = random.uniform(size=(3, 16, 24, 32))
    figure = figures.volume_planes_figure(fixed, moving, registered, random.normal(size=(16, 24, 32, 3)))
    check_edges(figure)
    panels = [axes for axes in figure.axes if axes.get_title() == "registered - fixed"]
    planes = [(registered - fixed)[8], (registered - fixed)[:, 12], (registered - fixed)[:, :, 16]]
    for panel, plane in zip(panels, planes):
        np.testing.assert_allclose(panel.images[0].get_array(), 255 * plane)
    assert [axes.get_ylabel() for axes in figure.axes if axes.get_ylabel()] == [f"across\naxis {k}" for k in range(3)]


@pytest.mark.parametrize("size, spacing", [((32, 24), 4), ((16, 24, 32), (4, 4, 8))])
def test_interpolation_error_figure(random, size, spacing):
    fixed, moving, rebuilt_image = random.uniform(size=(3, *size))
    true, rebuilt = random.normal(size=(2, *size, len(size)))
    figure = figures.interpolation_error_figure(fixed, moving, rebuilt_image, true, rebuilt, spacing)
    check_edges(figure)
    drawn = images_of(figure)
    error = np.linalg.norm(rebuilt - true, axis=-1)
    shown = drawn[f"rebuilt - true, mean {error.mean():.3f} px"].get_array()
    np.testing.assert_allclose(shown, figures.central_slice(error, len(size)))
    assert drawn["true field, length"].get_clim() == drawn["rebuilt field, length"].get_clim()
    assert drawn["moving - fixed"].get_clim() == drawn["rebuilt from control points - fixed"].get_clim()
    (panel,) = [axes for axes in figure.axes if axes.get_title() == "rebuilt field, length"]
    steps = np.broadcast_to(spacing, len(size))[list(figures.drawn_axes(len(size)))]
    rows, columns = np.sort(np.unique(panel.lines[0].get_ydata())), np.unique(panel.lines[0].get_xdata())
    assert np.diff(rows).max() == steps[0] and np.diff(columns).max() == steps[1] and rows[0] == columns[0] == 0
