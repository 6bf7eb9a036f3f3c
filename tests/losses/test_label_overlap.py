import numpy as np
import pytest
import tensorflow as tf

from dirv_tf import geometry, losses


def squares(*starts, side=4, size=16):
    """One channel per square, from its first pixel."""
    labels = np.zeros((1, size, size, len(starts)))
    for channel, (row, column) in enumerate(starts):
        labels[0, row : row + side, column : column + side, channel] = 1
    return labels


def test_equal_labels_and_disjoint_ones():
    fixed = squares((2, 2), (8, 9))
    assert float(losses.soft_dice(fixed, fixed)[0]) == pytest.approx(0, abs=1e-5)
    assert float(losses.soft_dice(fixed, squares((8, 2), (2, 9)))[0]) == pytest.approx(1, abs=1e-5)
    # Half of the first and none of the second are covered.
    half = float(losses.soft_dice(fixed, squares((4, 2), (2, 2)))[0])
    assert half == pytest.approx(0.75, abs=1e-5)


def test_a_label_that_the_fixed_image_lacks_does_not_count():
    fixed = np.concatenate([squares((2, 2)), 0 * squares((2, 2))], axis=-1)
    assert float(losses.soft_dice(fixed, squares((4, 2), (9, 9)))[0]) == pytest.approx(0.5, abs=1e-5)
    assert float(losses.soft_dice(0 * fixed, squares((4, 2), (9, 9)))[0]) == 0.0


def test_gradients(rng, check_gradients):
    fixed = squares((2, 2), (8, 9))
    check_gradients(lambda warped: losses.soft_dice(fixed, warped), rng.random(fixed.shape))


def test_two_discs_with_nothing_inside_fit_at_the_rim_with_labels_alone():
    places = np.stack(np.meshgrid(np.arange(48.0), np.arange(48.0), indexing="ij"), -1)
    discs = [(np.linalg.norm(places - center, axis=-1) < 10).astype(np.float32) for center in ((22, 24), (26, 24))]
    targets = {"labels": dict(zip(("fixed", "moving"), (each[np.newaxis, ..., np.newaxis] for each in discs)))}
    even, rim = tf.fill([1, 48, 48, 1], 0.5), np.abs(np.linalg.norm(places - (22, 24), axis=-1) - 10) < 1
    errors = {}
    for weight in (1.0, 0.0):
        loss = losses.WeightedLosses([losses.UnsupervisedLoss("mse", weight=1.0), losses.LabelLoss()], [1.0, weight])
        points, optimizer = tf.Variable(tf.zeros([1, 6, 6, 2])), tf.keras.optimizers.Adam(0.3)

        @tf.function
        def gradient(points=points, loss=loss):
            with tf.GradientTape() as tape:
                field = geometry.interpolate_control_points(points, 8)
                outputs = {"flow_field": field, "fixed_images": (even,), "registered_images": (even,)}
                value = loss(targets, outputs)
            return tape.gradient(value, points)

        for _ in range(40):
            optimizer.apply_gradients([(gradient(), points)])
        field = geometry.interpolate_control_points(points, 8)[0]
        errors[weight] = np.linalg.norm(field - (4, 0), axis=-1)[rim].mean()
    assert errors[1.0] < 0.5 and errors[0.0] == 4.0


def test_boxes_are_compared_in_place_of_labels():
    """Two squares corner to corner and their bounding box, two pixels apart."""
    corners = squares((2, 2), (5, 5)).max(-1, keepdims=True)
    box = squares((2, 2), side=7)
    outputs = {"flow_field": np.zeros((1, 16, 16, 2))}
    targets = {"labels": {"fixed": corners, "moving": np.roll(corners, 2, axis=1)}}
    whole = {"labels": {"fixed": box, "moving": np.roll(box, 2, axis=1)}}
    for measure in ("dice", "mse"):
        found = float(losses.LabelLoss(measure, boxes=True)(targets, outputs))
        assert found == pytest.approx(float(losses.LabelLoss(measure)(whole, outputs)))
    assert float(losses.LabelLoss()(targets, outputs)) > 1.2 * float(losses.LabelLoss(boxes=True)(targets, outputs))


def test_shapes_must_fit():
    with pytest.raises(ValueError, match="`fixed` and `warped` must have the same shape. Received: fixed.shape="):
        losses.soft_dice(squares((2, 2)), squares((2, 2), (4, 4)))
