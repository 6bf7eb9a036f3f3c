"""Warping of images, label maps and landmarks that belong to the moving image."""

import numpy as np
import pytest
from scipy import ndimage

from dirv_tf.io import Landmarks
from dirv_tf.registration import apply_to_image, apply_to_labels, apply_to_landmarks
from dirv_tf.registration.maps.linear_map import LinearMap

SIZES = [(24, 30), (12, 14, 16)]


def smooth_field(rng, size, length=2.0):
    noise = rng.normal(size=(*size, len(size)))
    field = np.stack([ndimage.gaussian_filter(noise[..., axis], 4) for axis in range(len(size))], axis=-1)
    return (length * field / np.abs(field).max()).astype(np.float32)


def sampled(image, field, order):
    positions = np.moveaxis(np.indices(image.shape) + np.moveaxis(field, -1, 0), 0, 0)
    return ndimage.map_coordinates(image.astype(float), positions, order=order, mode="nearest")


@pytest.mark.parametrize("size", SIZES)
def test_images_are_interpolated_linearly_and_keep_their_type(rng, size):
    field = smooth_field(rng, size)
    image = rng.integers(0, 65536, size=size).astype(np.uint16)
    warped = apply_to_image(image, field)
    assert warped.dtype == np.uint16
    # float32 coordinates: a step of 65535 between neighbors times 1e-6 px, and the rounding.
    np.testing.assert_allclose(warped, sampled(image, field, 1), atol=1.0)
    signed = (image.astype(np.int32) - 30000).clip(-32768, 32767).astype(np.int16)
    np.testing.assert_allclose(apply_to_image(signed, field), sampled(signed, field, 1), atol=1.0)


def test_channels_are_warped_alike(rng):
    field = smooth_field(rng, (24, 30))
    color = rng.integers(0, 256, size=(24, 30, 3)).astype(np.uint8)
    warped = apply_to_image(color, field)
    for channel in range(3):
        np.testing.assert_array_equal(warped[..., channel], apply_to_image(color[..., channel], field))


@pytest.mark.parametrize("size", SIZES)
def test_labels_stay_labels(rng, size):
    field = smooth_field(rng, size)
    labels = rng.choice([0, 7, 40000], size=size).astype(np.uint16)
    warped = apply_to_labels(labels, field)
    assert warped.dtype == np.uint16 and set(np.unique(warped)) <= {0, 7, 40000}
    np.testing.assert_array_equal(warped, sampled(labels, field, 0))
    with pytest.raises(ValueError, match="label map of integers. Received: labels.dtype=float64"):
        apply_to_labels(labels / 2, field)


@pytest.mark.parametrize("size", SIZES)
def test_a_landmark_painted_into_the_moving_image_lands_where_it_is_said_to(rng, size):
    field = smooth_field(rng, size)
    place = np.asarray(size) / 2 + rng.uniform(-1, 1, size=len(size))
    distance = sum((index - center) ** 2 for index, center in zip(np.indices(size), place))
    warped = apply_to_image(np.exp(-distance / 4.0).astype(np.float32), field)
    carried = apply_to_landmarks(Landmarks(("painted",), place[None]), field).points[0]
    # The blob is bent by the field as well, so that its brightest place is looked for, not its centroid.
    brightest = np.unravel_index(warped.argmax(), size)
    around = np.stack(np.meshgrid(*(index + np.linspace(-1, 1, 41) for index in brightest), indexing="ij"))
    fine = ndimage.map_coordinates(warped.astype(float), around, order=3)
    peak = around[(slice(None), *np.unravel_index(fine.argmax(), fine.shape))]
    assert np.linalg.norm(peak - carried) < 0.1


@pytest.mark.parametrize("size", SIZES)
def test_there_and_back(rng, size):
    field = smooth_field(rng, size)
    landmarks = Landmarks(("a", "b"), rng.uniform(4, np.asarray(size) - 5, size=(2, len(size))))
    back = apply_to_landmarks(apply_to_landmarks(landmarks, field), field, inverse=True)
    assert back.names == ("a", "b")
    np.testing.assert_allclose(back.points, landmarks.points, atol=1e-3)


def test_landmarks_outside_are_named(rng):
    field = smooth_field(rng, (24, 30))
    landmarks = Landmarks(("in", "out"), np.array([[3.0, 4.0], [5.0, 30.0]]))
    message = r"inside the image of 24 x 30 .*1 outside, first 'out' at \(5, 30\)"
    with pytest.raises(ValueError, match=message):
        apply_to_landmarks(landmarks, field, moving_size=(24, 30))
    with pytest.raises(ValueError, match=message):
        apply_to_landmarks(landmarks, field, inverse=True)
    with pytest.raises(ValueError, match="2 coordinates.*Received: landmarks with 3"):
        apply_to_landmarks(Landmarks(("a",), np.zeros((1, 3))), field)


def test_a_field_without_inverse_is_said():
    columns = np.arange(32.0)
    field = np.zeros((32, 32, 2), np.float32)
    field[..., 1] = np.where(abs(columns - 16) < 10, 16 - columns, 0)  # The whole middle shows column 16.
    with pytest.warns(UserWarning, match="no inverse where 1 of 2 landmarks .*: lost"):
        apply_to_landmarks(Landmarks(("kept", "lost"), np.array([[16.0, 2.0], [16.0, 10.0]])), field)


def test_another_size_is_refused(rng):
    field = smooth_field(rng, (24, 30))
    for apply in (apply_to_image, apply_to_labels):
        with pytest.raises(ValueError, match=r"the moving image's size, 24 x 30. Received: image.shape=\(30, 24\)"):
            apply(np.zeros((30, 24), np.uint8), field, moving_size=(24, 30))
        with pytest.raises(ValueError, match=r"the field's 2 axes.*Received: image.shape=\(24,\)"):
            apply(np.zeros(24, np.uint8), field)


MAPS = {
    "twice as large": (((2.0, 0.0), (0.0, 2.0)), (1.0, 3.0), (50, 66)),
    "half as large": (((0.5, 0.0), (0.0, 0.5)), (0.0, 0.0), (12, 15)),
    "upside down": (((-1.0, 0.0), (0.0, -1.0)), (23.0, 29.0), (24, 30)),
    "turned, larger": (((0.0, -2.0), (1.5, 0.0)), (59.0, 2.0), (64, 48)),
}


@pytest.mark.parametrize("name", MAPS)
def test_a_moving_image_of_another_size_or_pose(rng, name):
    matrix, translation, moving_size = MAPS[name]
    linear = LinearMap(np.array(matrix), np.array(translation))
    bent = smooth_field(rng, (24, 30), 1.0)
    field = linear.composed(bent)
    image = rng.integers(0, 9, size=moving_size).astype(np.uint8)
    coordinates = np.moveaxis(np.indices((24, 30)) + np.moveaxis(field, -1, 0), 0, 0)
    for apply, order in ((apply_to_image, 1), (apply_to_labels, 0)):
        warped = apply(image, field, moving_size)
        expected = ndimage.map_coordinates(image.astype(float), coordinates, order=order, mode="nearest")
        assert warped.shape == (24, 30) and warped.dtype == np.uint8
        assert np.abs(warped - expected).max() <= (0.51 if order else 0)
    fixed = Landmarks(tuple("abcdef"), rng.uniform(2, (21, 27), size=(6, 2)))
    moving = apply_to_landmarks(fixed, field, inverse=True)
    carried = apply_to_landmarks(moving, field, moving_size=moving_size)
    np.testing.assert_allclose(carried.points, fixed.points, atol=2e-3)
