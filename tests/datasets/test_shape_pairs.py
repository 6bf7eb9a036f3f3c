import numpy as np
import pytest

from dirv_tf import geometry, synthesis
from dirv_tf.datasets import ShapePairs, from_config


@pytest.mark.parametrize("size", [(24, 32), (16, 12, 20)])
def test_pairs_are_shapes_and_their_warped_copies(size):
    pairs = ShapePairs(size, count=5, batch_size=2, shape_size=(3, 8), labels=4, seed=9, desensitize=False)
    batches = list(pairs.evaluation())
    assert pairs.size == size and pairs.steps_per_epoch == len(batches) == 3
    (fixed, moving), field = batches[1]
    assert field.shape == (2, *size, len(size))
    shapes = synthesis.shape_images(size, 9, np.array([2, 3]), (3, 8), 4)
    np.testing.assert_allclose(moving, shapes, atol=1e-6)
    np.testing.assert_allclose(fixed, geometry.warp_image(moving, field), atol=1e-6)
    assert np.abs(fixed - moving).mean() > 0.005


def test_a_mapping_gives_the_same_pairs():
    config = {"kind": "shapes", "size": [16, 16], "count": 2, "batch_size": 2, "labels": 3, "shape_size": [4, 6]}
    (fixed, _), _ = from_config(config).frozen_batch()
    (expected, _), _ = ShapePairs((16, 16), 2, 2, (4, 6), 3).frozen_batch()
    np.testing.assert_array_equal(fixed, expected)


@pytest.mark.parametrize(
    "arguments, message",
    [
        ({"size": (16,)}, r"`size` must be a list of 2 to 3 entries, each .* Received: size=\(16,\)"),
        ({"shape_size": (1, 4)}, r"`shape_size` must be a pair \[low, high\] with low < high, .*of at least 2. Received: "),
        ({"shape_size": (6, 6)}, "`shape_size` must be a pair"),
        ({"labels": 1}, "`labels` must be an integer of at least 2. Received: labels=1"),
        ({"count": 0}, "`count` must be an integer of at least 1"),
    ],
)
def test_arguments_out_of_range_are_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        ShapePairs(**arguments)
