"""The inverse of a registration, and one registration after another, with SimpleITK as the witness."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from dirv_tf import registration
from dirv_tf.io import ImageGeometry
from dirv_tf.registration import apply_to_image
from dirv_tf.registration.alignment.align import Alignment
from dirv_tf.registration.maps.linear_map import LinearMap


def oblique(rank, seed):
    random = np.random.default_rng(seed)
    directions = np.linalg.qr(random.normal(size=(rank, rank)))[0]
    return ImageGeometry(random.uniform(-50, 50, rank), directions * random.uniform(0.4, 2, rank))


def shift(rank, by):
    return LinearMap(np.eye(rank), np.array(by, float))


def test_the_images_change_their_roles(known_2d, known_result):
    geometries = oblique(2, 1), oblique(2, 2)
    result = known_result(known_2d, *geometries, initial=shift(2, (1, 2)), intensity_ranges=((0.0, 1.0), (0.0, 2.0)))
    inverse = result.inverse()
    assert inverse.fixed is result.moving and inverse.moving is result.fixed
    assert (inverse.fixed_geometry, inverse.moving_geometry) == geometries[::-1]
    assert inverse.size == known_2d.moving_size and inverse.intensity_ranges == ((0.0, 2.0), (0.0, 1.0))
    np.testing.assert_array_equal(inverse.registered, apply_to_image(result.fixed, inverse.flow_field))
    np.testing.assert_array_equal(inverse.displacement_field, inverse.flow_field[::4, ::4])
    np.testing.assert_allclose(inverse.linear.after(result.linear).matrix, np.eye(2), atol=1e-12)
    np.testing.assert_allclose(inverse.initial.translation, (-1, -2), atol=1e-12)
    assert inverse.affine.shape == (2, 3) and inverse.quality.without_inverse_percent > 0
    assert any("no inverse: " in note for note in inverse.notes)


def test_the_inverse_of_the_inverse_is_the_map(known, known_result):
    result = known_result(known)
    again = result.inverse().inverse()
    places = known.grid(known.size)
    inner = ((places >= 2) & (places <= np.array(known.size) - 3)).all(axis=-1)
    inner &= ((known(places) >= 2) & (known(places) <= np.array(known.moving_size) - 3)).all(axis=-1)
    assert np.linalg.norm(again.flow_field - result.flow_field, axis=-1)[inner].max() < 0.05
    assert inner.mean() > 0.3


def test_the_alignment_is_the_inverse_one(known_2d, known_result):
    found = Alignment(known_2d.linear.matrix, known_2d.linear.translation, 0.1, 0.2, 0.9, 0.8, "affine")
    before = shift(2, (3, -2))
    result = known_result(known_2d, alignment=found, initial=before, linear=before.after(known_2d.linear))
    inverse = result.inverse()
    # As after every registration: the linear part is what the headers say after what was found.
    there = inverse.initial.after(LinearMap(inverse.alignment.matrix, inverse.alignment.translation))
    np.testing.assert_allclose(there.matrix, inverse.linear.matrix, atol=1e-12)
    np.testing.assert_allclose(there.translation, inverse.linear.translation, atol=1e-9)
    assert not inverse.alignment.reliable


def test_channels_and_integers_stay(known_2d, known_result):
    result = known_result(known_2d)
    fixed = np.rint(255 * result.fixed).astype(np.uint8)[..., np.newaxis]
    inverse = dataclasses.replace(result, fixed=fixed, intensity_ranges=None).inverse()
    assert inverse.registered.dtype == np.uint8 and inverse.registered.shape == (*known_2d.moving_size, 1)


def test_folds_speak_against_the_inverse(known_2d, known_result):
    rows = np.arange(56.0)
    field = np.zeros((56, 48, 2), np.float32)
    field[..., 0] = (20 * np.exp(-0.5 * ((rows - 22) / 6) ** 2))[:, np.newaxis]
    inverse = known_result(known_2d, flow_field=field, linear=LinearMap.identity(2)).inverse()
    assert any("no inverse because the map folds" in warning for warning in inverse.quality.warnings)
    assert np.isfinite(inverse.flow_field).all() and np.isfinite(inverse.registered).all()


def test_itk_comes_back_through_the_inverse(known, known_result, tmp_path):
    sitk = pytest.importorskip("SimpleITK")
    result = known_result(known, oblique(known.rank, 1), oblique(known.rank, 2))
    transforms = []
    for name, each in (("map", result), ("inverse", result.inverse())):
        folder = each.save(tmp_path / name, field_format="mha")
        field = sitk.ReadImage(str(folder / "flow_field.mha"), sitk.sitkVectorFloat64)
        transforms.append(sitk.DisplacementFieldTransform(field))
    random = np.random.default_rng(1)
    points = random.uniform(3, np.array(known.size) - 4, size=(200, known.rank))
    inside = known(points)
    points = points[((inside >= 1) & (inside <= np.array(known.moving_size) - 2)).all(axis=-1)]
    assert len(points) > 100
    start = result.fixed_geometry.to_world(points)
    back = [transforms[1].TransformPoint(transforms[0].TransformPoint(point)) for point in start.tolist()]
    assert np.abs(result.fixed_geometry.to_index(back) - points).max() < 0.05


def test_a_composed_map_leads_to_the_last_image(known, known_result):
    rank = known.rank
    geometries = [oblique(rank, seed) for seed in range(3)]
    second = known_result(known, geometries[1], geometries[2])
    size = tuple(side - 2 for side in known.size)
    rng = np.random.default_rng(1)
    begin = shift(rank, (1.5, *[0.25] * (rank - 1)))
    images = {name: rng.random(shape).astype(np.float32) for name, shape in (("fixed", size), ("moving", known.size))}
    first = known_result(
        known,
        *geometries[:2],
        **images,
        flow_field=begin.flow_field(size),
        registered=images["fixed"],
        linear=begin,
        initial=shift(rank, [1] * rank),
        intensity_ranges=((0.0, 3.0), (0.0, 1.0)),
        doubts=("a doubt",),
    )
    composed = first.compose(second)
    assert composed.fixed is first.fixed and composed.moving is second.moving and composed.size == size
    assert (composed.fixed_geometry, composed.moving_geometry) == (geometries[0], geometries[2])
    assert composed.intensity_ranges[0] == (0.0, 3.0)
    places = known.grid(size)
    inside = begin.overlap(size, known.size) & (begin.applied(places) <= np.array(known.size) - 1).all(axis=-1)
    np.testing.assert_allclose((places + composed.flow_field)[inside], known(begin.applied(places))[inside], atol=0.03)
    np.testing.assert_array_equal(composed.registered, apply_to_image(second.moving, composed.flow_field))
    np.testing.assert_allclose(composed.linear.matrix, known.linear.matrix, atol=1e-12)
    np.testing.assert_allclose(composed.initial.translation, [1] * rank, atol=1e-12)
    assert "first map: a doubt" in composed.quality.warnings and composed.has_inverse is None
    # The other way round, the maps do not meet.
    with pytest.raises(ValueError, match="moving image is the fixed image of the next one. Received: in the first"):
        second.compose(first)


def test_maps_that_meet_elsewhere_in_the_world_are_refused(known_2d, known_result):
    second = known_result(known_2d, oblique(2, 1), oblique(2, 2))
    moving = np.zeros(known_2d.size, np.float32)
    first = known_result(known_2d, oblique(2, 4), oblique(2, 3), moving=moving, registered=moving)
    with pytest.raises(ValueError, match="in the first a moving image of ImageGeometry.*in the second a fixed image"):
        first.compose(second)


def test_a_saved_inverse_is_read_again(known, known_result, tmp_path):
    pytest.importorskip("SimpleITK")
    alignment = Alignment(known.linear.matrix, known.linear.translation, 0.1, 0.2, 0.9, 0.8, "affine")
    result = known_result(known, oblique(known.rank, 1), oblique(known.rank, 2), alignment=alignment).inverse()
    folder = result.save(tmp_path / "inverse", field_format="mha")
    assert {path.name for path in folder.iterdir()} >= {"has_inverse.tif", "affine.tfm", "flow_field.mha"}
    read = registration.load_result(folder, fixed=result.fixed, moving=result.moving)
    np.testing.assert_allclose(read.flow_field, result.flow_field, atol=1e-4)
    for name in ("registered", "has_inverse", "affine", "fixed", "moving"):
        np.testing.assert_array_equal(getattr(read, name), getattr(result, name))
    for name in ("fixed_geometry", "moving_geometry", "notes", "doubts", "spacing", "model_name", "intensity_ranges"):
        assert getattr(read, name) == getattr(result, name), name
    assert read.quality.warnings == result.quality.warnings and not read.alignment.reliable
    np.testing.assert_array_equal(read.alignment.matrix, result.alignment.matrix)
    assert read.quality.without_inverse_percent == result.quality.without_inverse_percent
