import numpy as np
import pytest
import tensorflow as tf

from dirv_tf import geometry, metrics


def pairs_of_labels(rng, rank=2, batch=3):
    """Labels 1, 2, 5 of both images, as maps and as channels, and a field."""
    maps = [rng.choice([0, 1, 2, 5], size=(batch, *(10, 12, 8)[:rank])) for _ in range(2)]
    maps[0][0][maps[0][0] == 5], maps[1][0][maps[1][0] == 5] = 0, 0
    maps[1][1][maps[1][1] == 2] = 0
    channels = [(each[..., np.newaxis] == [1, 2, 5]).astype(np.float32) for each in maps]
    field = rng.normal(size=(*maps[0].shape, rank)).astype(np.float32)
    return maps, {"labels": dict(zip(("fixed", "moving"), channels))}, {"flow_field": field}


@pytest.mark.parametrize("rank", [2, 3])
def test_scores_are_the_means_of_the_overlap_of_single_pairs(rank, rng):
    (fixed, moving), targets, outputs = pairs_of_labels(rng, rank)
    warped = geometry.warp_labels(moving[..., np.newaxis], outputs["flow_field"])[..., 0].numpy()
    metric = metrics.LabelScores([1, 2, 5])
    for part in (slice(0, 2), slice(2, None)):
        metric.update_state(*tf.nest.map_structure(lambda values, part=part: values[part], (targets, outputs)))
    found = {key: float(value) for key, value in metric.result().items()}
    for key, others in (("dice", warped), ("dice_before", moving)):
        single = [metrics.label_overlap(one, other) for one, other in zip(fixed, others)]
        assert found[key] == pytest.approx(np.mean([each["dice_mean"] for each in single]), rel=1e-5)
        for label in (1, 2, 5):
            values = [each["dice"][label] for each in single if label in each["dice"]]
            # No image of the first pair has the last label, one of the second pair lacks another.
            assert len(values) == (2 if label == 5 else 3)
            assert found[f"{key}_label{label}"] == pytest.approx(np.mean(values), rel=1e-5)
    metric.reset_state()
    assert set(map(float, metric.result().values())) == {0.0}


def test_in_a_graph_and_serialized(rng):
    _, targets, outputs = pairs_of_labels(rng)
    metric = metrics.LabelScores([1, 2, 5])
    again = tf.keras.utils.deserialize_keras_object(tf.keras.utils.serialize_keras_object(metric))
    metric.update_state(targets, outputs)

    @tf.function
    def update(*values):
        again.update_state(*values)

    update(*tf.nest.map_structure(tf.constant, (targets, outputs)))
    assert again.labels == (1, 2, 5)
    assert list(map(float, again.result().values())) == pytest.approx(list(map(float, metric.result().values())))


def test_labels_must_be_those_it_was_made_for(rng):
    _, targets, outputs = pairs_of_labels(rng)
    with pytest.raises(ValueError, match=r"made for the labels \[1, 2\].* Received: labels of 3 channels"):
        metrics.LabelScores([1, 2]).update_state(targets, outputs)
    with pytest.raises(ValueError, match="`labels` must be a list of at least 1"):
        metrics.LabelScores([])


def test_landmark_scores_are_those_of_landmark_errors(rng):
    fixed, moving = rng.uniform(1, 8, (2, 3, 4, 2))
    weights = np.array([[1.0, 1, 1, 1], [1, 1, 0, 0], [0, 0, 0, 0]])
    field = rng.normal(size=(3, 10, 12, 2))
    carried = geometry.warp_points(fixed, field).numpy()
    metric = metrics.LandmarkScores()
    points = {"fixed": fixed, "moving": moving, "weights": weights, "pixel_size": 3 * np.ones((3, 2))}
    metric.update_state({"landmarks": points}, {"flow_field": field})
    found = {key: float(value) for key, value in metric.result().items()}
    for key, each in (("tre", carried), ("tre_before", fixed)):
        errors = [
            metrics.landmark_errors(moving[pair, :count], each[pair, :count], (10, 12))["tre_mean"]
            for pair, count in ((0, 4), (1, 2))
        ]
        assert found[key] == pytest.approx(np.mean(errors), rel=1e-5), "pixels, whatever they measure"
