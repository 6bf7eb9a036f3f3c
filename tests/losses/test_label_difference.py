import numpy as np
import pytest

from dirv_tf import losses


def test_disjoint_halves_differ_everywhere():
    half = np.zeros((1, 8, 8, 1))
    half[:, :4] = 1
    assert float(losses.label_difference(half, 1 - half)[0]) == 1.0
    both = np.concatenate([half, half], axis=-1)
    other = np.concatenate([1 - half, half], axis=-1)
    assert float(losses.label_difference(both, other)[0]) == 0.5
    assert float(losses.label_difference(both, other, [0.75, 0.25])[0]) == 0.75


def test_weights_are_one_over_the_root_of_the_share(rng):
    labels = (rng.random((2, 6, 5, 4, 3)) < [0.5, 0.1, 0.0]).astype(np.float32)
    weights = losses.label_weights(labels).numpy()
    expected = 1 / np.sqrt(labels[..., :2].mean((0, 1, 2, 3)))
    np.testing.assert_allclose(weights, [*(expected / expected.sum()), 0], rtol=1e-6)
    assert not losses.label_weights(0 * labels).numpy().any()


def test_gradients(rng, check_gradients):
    labels = (rng.random((2, 6, 5, 2)) < 0.3).astype(np.float64)
    check_gradients(lambda warped: losses.label_difference(labels, warped, [0.3, 0.7]), rng.random(labels.shape))


@pytest.mark.parametrize("shape", [(9, 7), (6, 5, 8)])
def test_boxes_are_those_around_the_labels(rng, shape):
    labels = (rng.random((3, *shape, 2)) < 0.03).astype(np.float32)
    labels[0, ..., 1] = 0
    expected = np.zeros_like(labels)
    for pair in range(3):
        for label in range(2):
            places = np.argwhere(labels[pair, ..., label])
            if len(places):
                box = tuple(slice(low, high + 1) for low, high in zip(places.min(0), places.max(0)))
                expected[(pair, *box, label)] = 1
    found = losses.label_boxes(labels).numpy()
    np.testing.assert_array_equal(found, expected)
    np.testing.assert_array_equal(losses.label_boxes(found), found)
