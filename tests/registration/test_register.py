from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

import dirv_tf
from dirv_tf import geometry
from dirv_tf.models import RecurrentRefinement
from dirv_tf.models.dirv_net import network as network_module
from dirv_tf.registration import register
from dirv_tf.registration.networks import tiling


@pytest.fixture
def network(request):
    return request.getfixturevalue(request.param)


def _warped(moving, flow_field):
    return geometry.warp_image(moving[np.newaxis, ..., np.newaxis], flow_field[np.newaxis])[0, ..., 0]


CASES = pytest.mark.parametrize(
    "network, shape",
    [("network_2d", (32, 24)), ("network_2d", (29, 34)), ("network_3d", (12, 16, 8)), ("network_3d", (9, 14, 11))],
    indirect=["network"],
)


@CASES
def test_registered_image_is_the_moving_one_warped_by_the_field(network, shape, make_pair, as_written):
    fixed, moving = make_pair(shape)
    result = register(fixed, moving, model=network)
    assert result.registered.shape == shape and result.registered.dtype == np.float32
    assert result.flow_field.shape == (*shape, len(shape)) and result.flow_field.dtype == np.float32
    assert result.displacement_field.shape == (*(-(-side // 4) for side in shape), len(shape))
    assert np.abs(result.flow_field).max() > 0.05, "the test needs a field that moves something"
    np.testing.assert_allclose(result.registered, as_written(_warped, moving, result.flow_field), atol=1e-4)


@CASES
def test_displacement_field_is_the_flow_field_at_the_control_points(network, shape, make_pair):
    result = register(*make_pair(shape), model=network)
    every_fourth = result.flow_field[(slice(None, None, 4),) * len(shape)]
    np.testing.assert_allclose(result.displacement_field, every_fourth, atol=1e-5)


@pytest.mark.parametrize("shape, padding", [((29, 34), ((0, 3), (0, 2))), ((32, 24), ((0, 0), (0, 0)))])
def test_illegal_sizes_are_padded_by_the_border_and_cropped_back(network_2d, make_pair, as_written, shape, padding):
    pair = make_pair(shape)
    padded = (np.pad(image, padding, mode="edge")[np.newaxis, ..., np.newaxis] for image in pair)
    expected = as_written(network_2d, tuple(padded))["flow_field"][0, : shape[0], : shape[1]]
    np.testing.assert_allclose(register(*pair, model=network_2d).flow_field, expected, atol=1e-5)


def test_several_levels_need_larger_multiples(make_network, make_pair):
    result = register(*make_pair((20, 33)), model=make_network(2, levels=3))
    assert result.flow_field.shape == (20, 33, 2)
    assert result.displacement_field.shape == (5, 9, 2)


def test_channel_axis_is_given_back(network_2d, make_pair):
    fixed, moving = make_pair((16, 20))
    plain = register(fixed, moving, model=network_2d)
    channel = register(fixed, moving[..., np.newaxis], model=network_2d)
    assert channel.registered.shape == (16, 20, 1)
    np.testing.assert_array_equal(channel.registered[..., 0], plain.registered)


@pytest.mark.parametrize("dtype, step", [(np.uint8, 1 / 255), (np.uint16, 1 / 65535)])
def test_integers_register_as_the_floats_they_stand_for(network_2d, make_pair, dtype, step):
    images = [np.rint(image * np.iinfo(dtype).max).astype(dtype) for image in make_pair((16, 20))]
    floats = [image.astype(np.float32) * np.float32(step) for image in images]
    result, expected = register(*images, model=network_2d), register(*floats, model=network_2d)
    assert result.registered.dtype == dtype
    np.testing.assert_allclose(result.flow_field, expected.flow_field, atol=1e-4)
    np.testing.assert_allclose(result.registered * step, expected.registered, atol=step + 1e-4)


def test_tensors_and_lists_are_taken(network_2d, make_pair):
    fixed, moving = make_pair((16, 20))
    expected = register(fixed, moving, model=network_2d)
    result = register(tf.constant(fixed), moving.tolist(), model=network_2d)
    np.testing.assert_array_equal(result.flow_field, expected.flow_field)
    assert isinstance(result.fixed, np.ndarray)


def test_images_are_left_as_they_were(network_2d, make_pair):
    fixed, moving = make_pair((17, 20))
    copies = fixed.copy(), moving.copy()
    register(fixed, moving, model=network_2d)
    np.testing.assert_array_equal(fixed, copies[0])
    np.testing.assert_array_equal(moving, copies[1])


def test_weights_may_change_between_calls(make_network, make_pair):
    network = make_network(2)
    pair = make_pair((16, 20))
    before = register(*pair, model=network).flow_field
    for variable in network.trainable_variables:
        variable.assign(tf.zeros_like(variable))
    assert np.abs(before).max() > 0.05
    np.testing.assert_array_equal(register(*pair, model=network).flow_field, 0.0)


def test_the_registered_image_is_like_the_moving_one(network_2d, make_pair):
    fixed, moving = make_pair((16, 20))
    result = register(fixed, np.rint(200 * moving).astype(np.uint8), model=network_2d)
    assert result.registered.dtype == np.uint8 and 150 < result.registered.max() <= 200
    assert result.unit_interval_images()["registered"].max() == pytest.approx(result.registered.max() / 255)


@pytest.mark.parametrize("refine, rounds", [(True, 10), (2, 2)])
def test_refinement_composes_the_rounds(network_2d, make_pair, as_written, refine, rounds):
    fixed, moving = make_pair((14, 20))
    result = register(fixed, moving, model=network_2d, refine=refine)
    batches = tuple(image[np.newaxis, ..., np.newaxis] for image in (fixed, moving))
    expected = as_written(RecurrentRefinement(network_2d, rounds), batches)
    np.testing.assert_allclose(result.flow_field, expected["flow_field"][0], atol=1e-4)
    assert result.rounds == int(expected["rounds"][0])
    measured = result.metrics()
    assert measured["l_int_after"] <= measured["l_int_before"]
    np.testing.assert_array_equal(result.displacement_field, result.flow_field[::4, ::4])


def test_refinement_in_tiles_reports_the_most_rounds(make_network, make_pair, monkeypatch):
    monkeypatch.setattr(network_module, "HALO", 8)
    rounds = [2, 3, 1]

    def compiled_network(network, limit):
        assert limit == 3
        return lambda fixed, moving: (tf.zeros((1, 24, 20, 2)), tf.constant([rounds.pop()]))

    monkeypatch.setattr(tiling, "compiled_network", compiled_network)
    assert register(*make_pair((40, 20)), model=make_network(2), tile=24, refine=3).rounds == 3


@pytest.mark.parametrize("refine", [0, -1, 2.0, "yes", None])
def test_impossible_refinement(network_2d, make_pair, refine):
    with pytest.raises(ValueError, match="positive number of rounds. Received: refine="):
        register(*make_pair((16, 20)), model=network_2d, refine=refine)


@pytest.mark.parametrize("shape", [(4, 20), (7, 8), (0, 8)])
def test_small_images_are_refused(network_2d, shape):
    with pytest.raises(ValueError, match="two control points per axis, 8 x 8 pixels. Received: images of"):
        register(np.zeros(shape), np.zeros(shape), model=network_2d)


def test_the_smallest_image_registers(network_2d, make_pair):
    assert register(*make_pair((8, 8)), model=network_2d).registered.shape == (8, 8)


def test_errors_name_the_argument(network_2d, make_pair):
    fixed, moving = make_pair((16, 20))
    with pytest.raises(ValueError, match="moving: expected finite"):
        register(fixed, moving * np.nan, model=network_2d)
    with pytest.raises(ValueError, match="moving: expected floating-point intensities"):
        register(fixed, moving * 255, model=network_2d)
    with pytest.raises(ValueError, match="fixed: expected an image with some structure"):
        register(np.full_like(fixed, 0.3), moving, model=network_2d)
    with pytest.raises(ValueError, match="same rank"):
        register(fixed, np.stack([moving] * 9), model=network_2d)
    with pytest.raises(ValueError, match="two control points per axis.*Received: images of 7 x 20"):
        register(fixed, moving[:7], model=network_2d)
    with pytest.raises(ValueError, match="fixed: expected a gray image"):
        register(np.stack([fixed] * 3, axis=-1), moving, model=network_2d)


@CASES
def test_a_moving_image_of_another_size(network, shape, make_pair, as_written):
    fixed, moving = make_pair(shape)[0], make_pair(tuple(side + 5 for side in shape))[1]
    result = register(fixed, moving, model=network)
    assert result.registered.shape == shape and result.flow_field.shape == (*shape, len(shape))
    cropped = moving[tuple(slice(0, side) for side in shape)].copy()
    # Without an alignment and headers, the first pixels lie at one place.
    np.testing.assert_allclose(result.flow_field, register(fixed, cropped, model=network).flow_field, atol=1e-5)
    np.testing.assert_allclose(result.registered, as_written(_warped, moving, result.flow_field), atol=1e-4)
    padded = register(moving, fixed, model=network)
    assert padded.registered.shape == moving.shape
    np.testing.assert_allclose(padded.registered, as_written(_warped, fixed, padded.flow_field), atol=1e-4)


def test_the_package_offers_it():
    assert dirv_tf.register is register
