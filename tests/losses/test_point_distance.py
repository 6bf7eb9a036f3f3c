import numpy as np
import pytest
import tensorflow as tf

from dirv_tf import losses


def test_a_field_that_leads_to_the_partners_has_no_distance_and_an_offset_its_length(rng):
    fixed = rng.uniform(2, 9, (2, 5, 2))
    offset = np.array([3.0, 4.0])
    field = np.broadcast_to(offset, (2, 12, 12, 2))
    for weights in (None, np.ones((2, 5))):
        np.testing.assert_allclose(losses.point_distance(fixed, fixed + offset, field, weights), 0, atol=1e-6)
        np.testing.assert_allclose(losses.point_distance(fixed, fixed + offset, 0 * field, weights), 5)
    # Two millimeters per row and three per column.
    for pixel_size in ((2.0, 3.0), np.array([[2.0, 3.0]] * 2)):
        found = losses.point_distance(fixed, fixed + offset, 0 * field, pixel_size=pixel_size)
        np.testing.assert_allclose(found, np.hypot(6, 12))


def test_rows_that_fill_up_do_not_count(rng):
    fixed, field = rng.uniform(2, 9, (2, 4, 3)), np.zeros((2, 12, 12, 12, 3))
    moving = fixed + [[[0, 0, 2.0], [0, 4.0, 0], [99, 99, 99], [99, 99, 99]]]
    weights = np.array([[1.0, 1, 0, 0], [0, 0, 0, 0]])
    np.testing.assert_allclose(losses.point_distance(fixed, moving, field, weights), [3, 0])
    targets = {"landmarks": {"fixed": fixed, "moving": moving, "weights": weights, "pixel_size": np.ones((2, 3))}}
    # The pair without landmarks does not halve the others' distance.
    assert float(losses.LandmarkLoss()(targets, {"flow_field": field})) == pytest.approx(3)


def test_gradients_also_at_the_distance_zero(rng, check_gradients):
    fixed, moving = rng.uniform(2, 9, (2, 1, 4, 2))
    weights = np.array([[1.0, 1, 1, 0]])

    def distance(field):
        return losses.point_distance(fixed, moving, field, weights, (1.0, 2.0))

    check_gradients(distance, rng.normal(size=(1, 12, 12, 2)))
    field = tf.zeros([1, 12, 12, 2])
    with tf.GradientTape() as tape:
        tape.watch(field)
        loss = losses.point_distance(fixed, fixed, field)
    assert not tape.gradient(loss, field).numpy().any()


def test_shapes_must_fit():
    with pytest.raises(ValueError, match=r"must both have the shape \(B, P, 2\). Received: fixed_points.shape=\(1, 3, 3\)"):
        losses.point_distance(np.zeros((1, 3, 3)), np.zeros((1, 3, 3)), np.zeros((1, 8, 8, 2)))
