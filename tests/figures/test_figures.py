"""Whole figures: sane pictures in 2D and 3D, true scales, right places."""

import matplotlib
import numpy as np
import pytest

from dirv_tf import figures
from dirv_tf.figures.kernels_figure import kernel_tile
from dirv_tf.figures.mosaic import mosaic
from dirv_tf.figures.potentials_figure import PotentialCurves
from dirv_tf.figures.registration_figure import difference_statistics

SIZES = [(32, 32), (48, 24), (16, 24, 32)]


@pytest.fixture
def random():
    return np.random.default_rng(3)


def check_picture(figure):
    picture = figures.figure_to_rgb(figure)
    assert picture.dtype == np.uint8 and picture.ndim == 3 and picture.shape[-1] == 3
    assert all(150 < side < 2500 for side in picture.shape[:2])
    assert picture.std() > 5.0
    # A picture, not a gray wash: some pixels have a color.
    assert np.ptp(picture.astype(int), axis=-1).max() > 50
    # Nothing but the background at the edge: no text is cut off.
    for edge in (picture[0], picture[-1], picture[:, 0], picture[:, -1]):
        assert edge.min() == 255


def images_of(figure):
    return {axes.get_title(): axes.images[0] for axes in figure.axes if axes.images and axes.get_title()}


def quivers_of(figure):
    return [
        child for axes in figure.axes for child in axes.get_children() if isinstance(child, matplotlib.quiver.Quiver)
    ]


@pytest.mark.parametrize("size", SIZES)
def test_registration_figure(random, size):
    fixed, moving, registered = random.uniform(size=(3, *size))
    figure = figures.registration_figure(
        fixed, moving, registered, random.normal(size=(*size, len(size))), "pair 0, epoch 12"
    )
    check_picture(figure)
    drawn = images_of(figure)
    np.testing.assert_array_equal(drawn["fixed"].get_array(), figures.central_slice(fixed, len(size)))
    assert drawn["moving - fixed"].get_clim() == drawn["registered - fixed"].get_clim()
    labels = [axes.get_xlabel() for axes in figure.axes]
    assert difference_statistics(moving - fixed) in labels and difference_statistics(registered - fixed) in labels


def test_difference_statistics_are_in_gray_levels():
    text = difference_statistics(np.array([0.1, -0.3]))
    assert "mean -25.50" in text and "std 51.00" in text and "max 76.5" in text and text.endswith("51.00")


@pytest.mark.parametrize("size", SIZES)
def test_flow_field_figure(random, size):
    true = random.normal(size=(*size, len(size)))
    predicted = 0.5 * true
    figure = figures.flow_field_figure(predicted, true, "pair 0, epoch 12")
    check_picture(figure)
    drawn = images_of(figure)
    first, second = figures.drawn_axes(len(size))
    plane = figures.central_slice(true, len(size))
    np.testing.assert_allclose(drawn[f"true, axis {first} (down)"].get_array(), plane[..., first])
    np.testing.assert_allclose(drawn[f"predicted, axis {second} (right)"].get_array(), 0.5 * plane[..., second])
    clims = {image.get_clim() for title, image in drawn.items() if "(down)" in title or "(right)" in title}
    assert len(clims) == 1
    lengths = np.linalg.norm(0.5 * true, axis=-1)
    error = drawn[f"endpoint error, mean {lengths.mean():.2f} px"]
    np.testing.assert_allclose(error.get_array(), figures.central_slice(lengths, len(size)))
    quiver_true, quiver_predicted = quivers_of(figure)
    np.testing.assert_allclose(quiver_predicted.U, 0.5 * quiver_true.U)
    columns, rows = quiver_true.XY.T.astype(int)
    factor = np.ravel(quiver_true.V) / plane[rows, columns, first]
    np.testing.assert_allclose(factor, factor[0])
    np.testing.assert_allclose(np.ravel(quiver_true.U), factor[0] * plane[rows, columns, second])


def test_flow_field_figure_without_truth(random):
    figure = figures.flow_field_figure(random.normal(size=(32, 32, 2)))
    check_picture(figure)
    assert len(quivers_of(figure)) == 1


@pytest.mark.parametrize("truth", [True, False])
@pytest.mark.parametrize("rank", [2, 3])
def test_unit_fields_figure(random, rank, truth):
    """Two levels with different numbers of units; the coarse level's vectors count twice."""
    coarse = random.normal(size=(2, *(4,) * rank, rank))
    fine = random.normal(size=(3, *(8,) * rank, rank))
    true = [coarse[-1] + 1.0, fine[-1] + 1.0] if truth else None
    figure = figures.unit_fields_figure([coarse, fine], true, 4, "pair 0, epoch 12: displacement field")
    check_picture(figure)
    axes = figure.axes[0]
    picture = np.ma.filled(axes.images[0].get_array(), np.nan)
    lengths = 2 * np.linalg.norm(figures.central_slice(coarse[1], rank), axis=-1)
    np.testing.assert_allclose(picture[:8:2, 9:17:2], lengths)
    assert np.isnan(picture[:8, 8]).all()  # between units
    assert np.isnan(picture[:8, 18:26]).all()  # the coarse level has no third unit
    (quiver,) = quivers_of(figure)
    panels = 2 * 16 + 3 * 64 + (16 + 64 if truth else 0)
    assert quiver.XY.shape == (panels, 2)
    np.testing.assert_allclose(quiver.XY[1], [2.5, 0.5])
    plane = figures.in_plane_components(coarse[0], rank)
    factor = quiver.V[1] / (2 * plane[0, 1, 0] / 4)
    np.testing.assert_allclose(quiver.U[1], factor * 2 * plane[0, 1, 1] / 4)


def curves(random, components, experts=5, points=31):
    potentials = random.normal(size=(components, experts, points))
    shares = random.uniform(size=points - 1)
    return PotentialCurves(
        np.linspace(-1.5, 1.5, points), potentials, potentials.cumsum(-1), (-1.0, 1.0), shares / shares.sum(), 12.3
    )


@pytest.mark.parametrize("units", [1, 3])
@pytest.mark.parametrize("components", [2, 3])
def test_potentials_figure(random, components, units):
    data_terms = [curves(random, 1) for _ in range(units)]
    figure = figures.potentials_figure(
        data_terms, [curves(random, components) for _ in range(units)], "level 0, epoch 12: potentials"
    )
    check_picture(figure)
    assert len(figure.axes) == 4
    lines = [child for child in figure.axes[0].collections if isinstance(child, matplotlib.collections.LineCollection)]
    drawn = lines[0].get_segments()
    np.testing.assert_allclose(np.stack(drawn)[..., 1], data_terms[0].potentials[0])
    assert any("unit 0: 12.3 % outside" == text.get_text() for text in figure.axes[0].texts)


def test_potentials_figure_of_potentials_that_are_zero():
    zero = PotentialCurves(np.linspace(-1, 1, 5), np.zeros((1, 2, 5)), np.zeros((1, 2, 5)), (-1.0, 1.0))
    figures.figure_to_rgb(figures.potentials_figure([zero], [zero]))


@pytest.mark.parametrize("rank", [2, 3])
def test_kernels_figure(random, rank):
    data = [random.normal(size=(*(7,) * rank, 1, 6)) for _ in range(3)]
    regularizers = [random.normal(size=(*(5,) * rank, rank, 6)) for _ in range(3)]
    figure = figures.kernels_figure(data, regularizers, "level 0, epoch 12: kernels")
    check_picture(figure)
    tile = kernel_tile(data[0][..., 0, :])
    assert tile.shape == (15, 31)
    np.testing.assert_array_equal(tile[8:15, 8:15], figures.central_slice(data[0][..., 0, 5], rank))
    assert np.isnan(tile[7]).all() and np.isnan(tile[8:, 16:]).all()


def test_mosaic_leaves_missing_pictures_blank():
    laid = mosaic([[np.ones((2, 3)), None], [None, 2 * np.ones((2, 3))]], gap=1)
    assert laid.shape == (5, 7)
    np.testing.assert_array_equal(laid[:2, :3], 1.0)
    np.testing.assert_array_equal(laid[3:, 4:], 2.0)
    assert np.isnan(laid[:2, 3:]).all() and np.isnan(laid[2]).all()


def test_learning_curves_show_every_level_and_the_unseen_pairs(random):
    names = ["l_int", "l_dis", "dl_int", "dl_dis"]
    keys = [f"{name}{suffix}" for name in names for suffix in ("", "_level0", "_level1")]
    history = {"epoch": [1, 2, 3]}
    history.update({f"{prefix}{key}": random.uniform(size=3) for key in keys for prefix in ("", "val_")})
    figure = figures.learning_curves_figure(history, "A-1")
    check_picture(figure)
    assert [axes.get_title() for axes in figure.axes] == ["L_int (× 255)", "L_dis (px)", "ΔL_int (%)", "ΔL_dis (%)"]
    for axes, name in zip(figure.axes, names):
        drawn = {tuple(line.get_ydata()) for line in axes.lines}
        expected = [f"{prefix}{name}{suffix}" for prefix in ("", "val_") for suffix in ("", "_level0", "_level1")]
        assert drawn == {tuple(history[key]) for key in expected}


def test_learning_curves_of_one_epoch_without_displacements(random):
    figure = figures.learning_curves_figure({"epoch": [1], "l_int": [3.0], "dl_int": [40.0]})
    assert len(figure.axes) == 2 and figure.axes[0].lines[0].get_marker() == "o"
    with pytest.raises(ValueError, match="at least one epoch"):
        figures.learning_curves_figure({"epoch": []})
