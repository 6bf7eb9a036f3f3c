"""AVSM on images of other sizes than those of its training: tiles for the affine network, units that do not grow."""

import numpy as np
import pytest
import tensorflow as tf

from dirv_tf import geometry
from dirv_tf.datasets import ChessboardPairs
from dirv_tf.models import AVSM, load_pretrained
from dirv_tf.models.avsm.affine_of_tiles import affine_of_tiles


@pytest.mark.parametrize("is_known", [True, False], ids=["known", "unknown size"])
@pytest.mark.parametrize(
    ("size", "tiles"), [((50, 41), 3 * 2), ((32, 33), 1 * 2), ((30, 16), 1), ((400, 16), 8), ((40, 20, 33), 2 * 1 * 2)]
)
def test_the_maps_of_tiles_make_one(rng, size, tiles, is_known):
    rank = len(size)
    center = (np.array(size) - 1) / 2
    matrix, shift = np.eye(rank) + rng.normal(0, 0.1, (2, rank, rank)), rng.normal(0, 3, (2, rank))
    # The images tell a network where its tile lies: the last two axes in one of them, by a large and a small number,
    # since a middle may be that of two pixels.
    places = np.moveaxis(np.indices(size), 0, -1).astype(float)
    fixed, moving = places[..., :1], places[..., 1:2] + (2e6 * places[..., 2:] if rank == 3 else 0)
    seen = []

    def network(pair, steps):
        of_fixed, of_moving = (tf.reduce_mean(image, axis=range(1, rank + 2)) for image in pair)
        middle = tf.stack([of_fixed, of_moving % 1e6, of_moving // 1e6 / 2][:rank], axis=-1)
        # One image's tiles stand behind another's.
        count = tf.shape(middle)[0] // 2
        own, shifts = tf.repeat(matrix, count, axis=0), tf.repeat(shift, count, axis=0)
        there = tf.linalg.matvec(own - tf.eye(rank, dtype=tf.float64), middle - center) + shifts
        seen.append((steps, count))
        return geometry.pixels_to_normalized(own, there, tf.unstack(tf.shape(pair[0])[1:-1]))

    def find(*pair):
        found = affine_of_tiles(network, *pair, side=32, steps=4)
        return *geometry.normalized_to_pixels(*found, size), seen[-1][1]

    if not is_known:
        find = tf.function(find, input_signature=[tf.TensorSpec([None] * (rank + 1) + [1], tf.float64)] * 2)
    *found, count = find(*(tf.constant(np.stack([image, image])) for image in (fixed, moving)))
    assert count == tiles and [steps for steps, _ in seen] == [4]
    np.testing.assert_allclose(found[0], matrix, atol=1e-9)
    np.testing.assert_allclose(found[1], shift, atol=1e-7)


def test_images_of_the_native_side_are_registered_as_ever(rng):
    fixed, moving = (geometry.binomial_smoothing(rng.random((2, 32, 32, 1)).astype("float32"), 3) for _ in range(2))
    fields = []
    for side in (None, 32):
        tf.keras.utils.set_random_seed(2)
        network = AVSM(2, affine_size=16, width=0.125, affine_steps=2, momentum_steps=2, native_side=side)
        for name, scale in (("affine/parameters", 30.0), ("momentum/last", 0.4)):
            # Maps and momenta that are seen and small.
            kernel = network.named_variables()[f"{name}/kernel"]
            kernel.assign(scale * tf.random.stateless_normal(kernel.shape, [3, 4]))
        fields.append(network((fixed, moving))["flow_field"])
    np.testing.assert_allclose(*fields, atol=1e-6)
    assert np.abs(fields[0]).max() > 0.5


def test_larger_images_than_those_of_the_training_are_registered(without_tracing):
    """Chessboards of 112 pixels: with units of its own sides, a network of 64 leaves more error than there was."""
    pairs = ChessboardPairs(size=(112, 112), count=4, batch_size=4, seed=5)
    with without_tracing():
        ((images, true),) = pairs.evaluation()
        network = load_pretrained("avsm-2d-quick")
        field = network(images)["flow_field"]
    assert network.native_side == 64
    assert tf.reduce_mean(tf.norm(field - true, axis=-1)) < 0.45 * tf.reduce_mean(tf.norm(true, axis=-1))
