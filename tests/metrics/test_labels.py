import itertools
import sys

import numpy as np
import pytest

from dirv_tf import metrics

SIZES = {2: (24, 30), 3: (16, 18, 20)}


def balls(size, centers, radius):
    grid = np.stack(np.indices(size), -1)
    labels = np.zeros(size, np.uint8)
    for label, center in enumerate(centers, start=1):
        labels[np.linalg.norm(grid - center, axis=-1) <= radius] = label
    return labels


def surface(mask):
    """Pixels of a shape with a neighbor along an axis outside it, one by one."""
    points = []
    for index in np.argwhere(mask):
        neighbors = [index + sign * step for step in np.eye(mask.ndim, dtype=int) for sign in (1, -1)]
        if any(np.any(n < 0) or np.any(n >= mask.shape) or not mask[tuple(n)] for n in neighbors):
            points.append(index)
    return np.array(points)


def brute_force_distance(first, second, pixel_size):
    first, second = surface(first) * pixel_size, surface(second) * pixel_size
    lengths = np.linalg.norm(first[:, None] - second[None], axis=-1)
    return max(np.percentile(lengths.min(axis=1), 95), np.percentile(lengths.min(axis=0), 95))


@pytest.mark.parametrize("rank", [2, 3])
def test_random_shapes_agree_with_brute_force(rank, rng):
    pixel_size = (2.5, 0.5, 1.0)[:rank]
    fixed, warped = (rng.integers(0, 3, SIZES[rank]) * (rng.random(SIZES[rank]) > 0.9) for _ in "fw")
    overlap = metrics.label_overlap(fixed, warped, pixel_size)
    assert sorted(overlap["dice"]) == sorted(overlap["hd95"]) == [1, 2]
    for label in (1, 2):
        one, other = fixed == label, warped == label
        assert overlap["dice"][label] == pytest.approx(2 * np.sum(one & other) / (one.sum() + other.sum()))
        assert overlap["hd95"][label] == pytest.approx(brute_force_distance(one, other, np.array(pixel_size)))


@pytest.mark.parametrize("rank", [2, 3])
def test_shapes_agree_with_simpleitk(rank, monkeypatch):
    simpleitk = pytest.importorskip("SimpleITK")
    size, pixel_size = SIZES[rank], (1.5, 0.5, 2.0)[:rank]
    centers = [np.array(size) * 0.3, np.array(size) * 0.75]
    fixed, warped = balls(size, centers, 3.5), balls(size, [center + 1 for center in centers], 3.0)
    images = [simpleitk.GetImageFromArray(labels) for labels in (fixed, warped)]
    for image in images:
        image.SetSpacing(pixel_size[::-1])
    measures = simpleitk.LabelOverlapMeasuresImageFilter()
    measures.Execute(*images)
    monkeypatch.setattr(sys.modules["dirv_tf.metrics.labels"], "PERCENTILE", 100)
    overlap = metrics.label_overlap(fixed, warped, pixel_size)
    for label in (1, 2):
        assert overlap["dice"][label] == pytest.approx(measures.GetDiceCoefficient(label))
        distance = simpleitk.HausdorffDistanceImageFilter()
        distance.Execute(*(image == label for image in images))
        assert overlap["hd95"][label] == pytest.approx(distance.GetHausdorffDistance(), rel=1e-5)
    assert overlap["dice_mean"] == pytest.approx(np.mean(list(overlap["dice"].values())))


def test_a_shape_and_its_shift_are_the_shift_apart():
    fixed, warped = np.zeros((20, 20), bool), np.zeros((20, 20), bool)
    fixed[4:12, 4:12], warped[4:12, 7:15] = True, True
    overlap = metrics.label_overlap(fixed, warped)
    assert overlap["dice"] == {1: pytest.approx(5 / 8)} and overlap["hd95_mean"] == 3
    same = metrics.label_overlap(fixed, fixed)
    assert same["dice_mean"] == 1 and same["hd95_mean"] == 0


def test_missing_labels_count_in_dice_and_have_no_distance():
    fixed, warped = np.zeros((8, 8), np.int16), np.zeros((8, 8), np.int16)
    fixed[1:3], warped[1:3], fixed[5], warped[6] = -4, -4, 300, 7
    overlap = metrics.label_overlap(fixed, warped)
    assert overlap["dice"] == {-4: 1, 7: 0, 300: 0} and overlap["dice_mean"] == pytest.approx(1 / 3)
    assert overlap["hd95"][-4] == 0 and np.isnan([overlap["hd95"][7], overlap["hd95"][300]]).all()
    assert overlap["hd95_mean"] == 0
    assert np.isnan(metrics.label_overlap(300 * (fixed == 300), 7 * (warped == 7))["hd95_mean"])


def test_impossible_arguments_are_refused():
    labels = np.ones((8, 8), np.uint8)
    for first, second in itertools.permutations([labels, np.ones((8, 9), np.uint8), np.ones((8, 8))], 2):
        with pytest.raises(ValueError, match="integer labels of one shape. Received: fixed_labels of shape"):
            metrics.label_overlap(first, second)
    with pytest.raises(ValueError, match="other than 0"):
        metrics.label_overlap(0 * labels, 0 * labels)
    with pytest.raises(ValueError, match="2 positive numbers. Received: pixel_size="):
        metrics.label_overlap(labels, labels, pixel_size=(1, 1, 1))
