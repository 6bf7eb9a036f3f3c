"""What `register` makes of networks of every family: whole images, tiles where the network allows them."""

import numpy as np
import pytest
import tensorflow as tf

import dirv_tf
from dirv_tf import synthesis
from dirv_tf.models import AVSM, DLIR, RWCNet, VoxelMorph


def images(size):
    both = synthesis.chessboard_images(size, seed=4, indices=[0, 1]).numpy()[..., 0]
    return both[0], both[1]


def test_a_network_that_looks_around_itself_is_applied_in_tiles():
    tf.keras.utils.set_random_seed(3)
    network = VoxelMorph(2, encoder=(4, 6), decoder=(6, 4), last=(4,))
    kernel = network.named_variables()["field_layer/kernel"]
    kernel.assign(3e4 * kernel)
    fixed, moving = images((70, 61))
    whole = dirv_tf.register(fixed, moving, model=network, tile=False)
    tiled = dirv_tf.register(fixed, moving, model=network, tile=48)
    assert np.abs(whole.flow_field).max() > 1
    # Where tiles overlap, the one whose cut is near counts little.
    difference = np.abs(tiled.flow_field - whole.flow_field)
    assert difference.max() < 0.05 and difference.mean() < 0.01
    (halo, _) = network.halo
    with pytest.raises(ValueError, match=f"longer than the {halo} x {halo} pixels at both ends"):
        dirv_tf.register(fixed, moving, model=network, tile=2 * halo)


def test_a_network_with_an_affine_stage_sees_the_whole_image():
    network = DLIR(2, 2, (1,), (8,), filters=4, hidden=4)
    network.named_variables()["affine/parameters/bias"].assign([1.0, -0.5, 0, 0, 0, 0])
    fixed, moving = images((50, 41))
    field = dirv_tf.register(fixed, moving, model=network).flow_field
    assert field.shape == (50, 41, 2)
    # A pixel of the stage is two of the image.
    np.testing.assert_allclose(field, np.broadcast_to([2.0, -1.0], field.shape), atol=1e-5)
    with pytest.raises(ValueError, match="tile to be None or False for a DLIR, which must see the whole image"):
        dirv_tf.register(fixed, moving, model=network, tile=32)


def test_a_constant_momentum_shifts_an_image_of_any_size():
    network = AVSM(2, affine_size=16, width=0.0625, affine_steps=1, momentum_steps=1)
    network.named_variables()["momentum/last/bias"].assign([0.05, 0.0])
    field = dirv_tf.register(*images((50, 41)), model=network).flow_field
    # The image is padded to 64 x 48 pixels, and a momentum is in units of the side.
    np.testing.assert_allclose(field, np.broadcast_to([-0.05 * 63, 0.0], (50, 41, 2)), atol=1e-4)
    # Or of a side that it knows: of a grid half as fine as the image, with 16 of 31 pixels.
    known = AVSM.from_config({**network.get_config(), "native_side": 32})
    known.set_weights(network.get_weights())
    field = dirv_tf.register(*images((50, 41)), model=known).flow_field
    np.testing.assert_allclose(field[..., 0], np.full((50, 41), -0.05 * 15 * 63 / 31), atol=1e-4)
    with pytest.raises(ValueError, match="tile to be None or False for an? AVSM, which must see the whole image"):
        dirv_tf.register(*images((50, 41)), model=network, tile=32)


def test_recurrent_levels_register_images_of_any_size_whole_and_in_tiles():
    tf.keras.utils.set_random_seed(3)
    network = RWCNet(2, (2, 1), 1, 1, features=4, hidden=4, blocks=(1,), flow_kernel=3)
    for level, step in ((network.level0, [1.0, -0.5]), (network.level1, [0.5, 0.25])):
        level.head.field.bias.assign(step)
    fixed, moving = images((50, 41))
    field = dirv_tf.register(fixed, moving, model=network).flow_field
    assert field.shape == (50, 41, 2)
    # The levels start as one step each, the same everywhere; a pixel of the first one is two of the image.
    np.testing.assert_allclose(field, np.broadcast_to([2.5, -0.75], field.shape), atol=1e-5)
    (halo, _) = network.halo
    tiled = dirv_tf.register(*images((2 * halo + 30, 41)), model=network, tile=2 * halo + 8).flow_field
    np.testing.assert_allclose(tiled, np.broadcast_to([2.5, -0.75], tiled.shape), atol=1e-5)
