"""Pairs registered from their landmarks on."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import ndimage

import dirv_tf
from dirv_tf.cli.main import main
from dirv_tf.io import Landmarks, load_image, write_image, write_landmarks
from dirv_tf.registration.alignment.empty_margins import Margins
from dirv_tf.registration.images.pair import Pair
from dirv_tf.registration.maps.linear_map import LinearMap
from dirv_tf.registration.route.landmark_route import distances, linear_by_landmarks, smooth_through_landmarks

NONE = LinearMap.identity(2)
TURNED = np.array([[0.8, -0.6], [0.6, 0.8]])


@pytest.fixture(scope="module")
def repeated():
    """A pattern that repeats itself every 16 pixels, displaced by 24: fixed, moving, true field, three landmarks."""
    rows, columns = np.mgrid[:112, :112].astype(float)

    def scene(y, x):
        return (0.5 + 0.25 * np.sin(np.pi * y / 8) * np.sin(np.pi * x / 8) + 0.04 * np.sin(y / 23 + x / 31)).astype("f4")

    true = np.stack([20 + 4 * np.sin(columns / 25), -14 + 4 * np.cos(rows / 30)], axis=-1)
    points = np.array([[35.0, 45], [80, 55], [50, 85]])
    partners = points + np.stack([ndimage.map_coordinates(true[..., axis], points.T, order=1) for axis in (0, 1)], -1)
    return scene(rows + true[..., 0], columns + true[..., 1]), scene(rows, columns), true, (points, partners)


def error(result, true):
    """Median endpoint error where the field stays inside the image."""
    places = true + np.stack(np.mgrid[:112, :112], axis=-1)
    inside = ((places >= 0) & (places <= 111)).all(axis=-1)
    return float(np.median(np.linalg.norm(result.flow_field - true, axis=-1)[inside]))


def test_three_landmarks_find_a_large_displacement_that_is_missed_without(repeated):
    fixed, moving, true, landmarks = repeated
    assert error(dirv_tf.register(fixed, moving, effort="fast"), true) > 5
    result = dirv_tf.register(fixed, moving, effort="fast", landmarks=landmarks)
    assert error(result, true) < 0.2
    assert any(note.startswith("3 landmarks: mean distance ") for note in result.notes)
    assert distances(result.flow_field, *landmarks).mean() < 0.2


def test_the_command_takes_files_of_landmarks(repeated, tmp_path, capsys):
    fixed, moving, true, landmarks = repeated
    for name, image, points in (("fixed", fixed, landmarks[0]), ("moving", moving, landmarks[1])):
        write_image(tmp_path / f"{name}.tif", image)
        order = slice(None, None, 1 if name == "fixed" else -1)
        write_landmarks(tmp_path / f"{name}.csv", Landmarks(("a", "b", "c")[order], points[order]))
    files = [str(tmp_path / name) for name in ("fixed.tif", "moving.tif", "fixed.csv", "moving.csv")]
    command = ["register", *files[:2], "-o", str(tmp_path / "result"), "--effort", "fast", "--landmarks", *files[2:]]
    assert main(command) == 0
    assert "note     3 landmarks: mean distance" in capsys.readouterr().out
    assert error(dirv_tf.load_result(tmp_path / "result"), true) < 0.2
    assert load_image(tmp_path / "result" / "registered.tif").pixels.shape == (112, 112)
    assert main(["register", "--pairs", "a.csv", "-o", "x", "--landmarks", *files[2:]]) == 2
    assert "not with --pairs" in capsys.readouterr().err


def test_the_linear_map_is_as_rich_as_the_landmarks_allow(rng):
    points = rng.uniform(0, 50, (8, 2))
    matrix = np.array([[1.2, 0.1], [-0.2, 0.9]])
    affine = linear_by_landmarks(NONE, points, points @ matrix.T + [3, 4])
    np.testing.assert_allclose(affine.matrix, matrix, atol=1e-9)
    turned = linear_by_landmarks(NONE, points[:3], points[:3] @ TURNED.T + [3, 4])
    np.testing.assert_allclose(turned.matrix, TURNED, atol=1e-9)
    np.testing.assert_allclose(turned.translation, [3, 4], atol=1e-9)
    # Never mirrored, and one landmark is a shift, as are several at one place.
    assert np.linalg.det(linear_by_landmarks(NONE, points[:3], points[:3, ::-1]).matrix) == pytest.approx(1)
    for few in (points[:1], points[[0, 0, 0]]):
        np.testing.assert_array_equal(linear_by_landmarks(NONE, few, few + [3, 4]).matrix, np.eye(2))
    # What headers say is kept.
    coarse = LinearMap(0.5 * np.eye(2), np.array([1.0, 2]))
    shifted = linear_by_landmarks(coarse, points[:1], coarse.applied(points[:1]) + 5)
    np.testing.assert_allclose(shifted.matrix, coarse.matrix)
    np.testing.assert_allclose(shifted.translation, [6, 7])


@pytest.mark.parametrize("count", [1, 2, 3, 7])
def test_the_start_leads_through_the_landmarks_and_is_linear_where_they_are(count, rng):
    points = rng.uniform(4, 60, (count, 2))
    partners = points + rng.normal(0, 3, (count, 2))
    linear = linear_by_landmarks(NONE, points, partners)
    field = smooth_through_landmarks(linear, points, partners, (64, 64))
    # Within what places eight pixels apart can tell.
    assert distances(field, points, partners).max() < 2.0 < np.linalg.norm(points - partners, axis=-1).max()
    straight = smooth_through_landmarks(linear, points, linear.applied(points), (64, 64))
    np.testing.assert_allclose(straight, linear.flow_field((64, 64)), atol=1e-3)


def test_landmarks_of_volumes(rng):
    volume = ndimage.gaussian_filter(rng.random((24, 24, 24)), 2)
    volume = ((volume - volume.min()) / np.ptp(volume)).astype(np.float32)
    moving = ndimage.shift(volume, (6, -5, 4), order=1, mode="nearest")
    points = np.array([[9.0, 12, 8], [12, 16, 9], [10, 10, 16]])
    landmarks = [Landmarks(("a", "b", "c"), each) for each in (points, points + [6, -5, 4])]
    result = dirv_tf.register(volume, moving, landmarks=landmarks, effort="fast")
    middle = result.flow_field[6:-8, 8:-6, 6:-8].reshape(-1, 3)
    np.testing.assert_allclose(np.median(middle, axis=0), [6, -5, 4], atol=0.1)


def test_landmarks_that_cannot_be_used_are_named(repeated):
    fixed, moving, _, landmarks = repeated
    for name, value in (("model", "best-2d"), ("align", "rigid"), ("refine", True), ("tile", 32), ("optimize", False)):
        with pytest.raises(ValueError, match=f"Expected no .*beside landmarks.*Received: {name}={value!r}"):
            dirv_tf.register(fixed, moving, landmarks=landmarks, **{name: value})
    with pytest.raises(ValueError, match=r"`landmarks` must be a pair \(fixed, moving\). Received: ndarray"):
        dirv_tf.register(fixed, moving, landmarks=landmarks[0])
    with pytest.raises(ValueError, match="inside the image of .* pixels. Received: 3 outside, first 'row 0'"):
        dirv_tf.register(fixed, moving, landmarks=(landmarks[0], landmarks[1] + 500))
    named = Landmarks(("a", "b", "c"), landmarks[1])
    with pytest.raises(ValueError, match="must be both arrays, or both have names.*Received: ndarray, Landmarks"):
        dirv_tf.register(fixed, moving, landmarks=(landmarks[0], named))


def test_margins_are_cut_with_their_landmarks(rng):
    image = np.zeros((96, 96), np.float32)
    image[30:60, 30:60] = rng.random((30, 30))
    points = np.array([[35.0, 40], [50, 50]]), np.array([[36.0, 40], [51, 50]])
    pair = Pair(image, np.roll(image, 1, axis=0), NONE, landmarks=points)
    margins = Margins.of(pair)
    first = [limits.start for limits in margins.box]
    for cut, given in zip(margins.cut(pair).landmarks, points):
        np.testing.assert_array_equal(cut, given - first)
    outside = replace(pair, landmarks=(points[0], points[1] - 34))
    assert Margins.of(outside).box is None
