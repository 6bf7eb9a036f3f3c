"""Behavior that all datasets of synthetic pairs share, shown on chessboards."""

import numpy as np
import pytest
import tensorflow as tf

from dirv_tf import geometry
from dirv_tf.datasets import ChessboardPairs, SyntheticPairs

SIZES = [(24, 28), (12, 16, 20)]


def _pairs(size=(24, 28), **arguments):
    return ChessboardPairs(**{"size": size, "count": 10, "batch_size": 4, "cell_range": (3, 6), **arguments})


def _batches(dataset):
    return [tuple(x.numpy() for x in (fixed, moving, field)) for (fixed, moving), field in dataset]


def _assert_equal(first, second):
    assert len(first) == len(second)
    for one, other in zip(first, second):
        for x, y in zip(one, other):
            np.testing.assert_array_equal(x, y)


def _frozen(pairs):
    (fixed, moving), field = pairs.frozen_batch()
    return fixed.numpy(), moving.numpy(), field.numpy()


@pytest.fixture(scope="module")
def training_pipeline():
    """One batch at a time. Pipelines are shared, because every one is traced and compiled anew."""
    return _pairs().training(3, parallel_calls=1)


@pytest.fixture(scope="module")
def three_epochs(training_pipeline):
    """Nine batches: two of four pairs and one of two, three times."""
    return _batches(training_pipeline)


@pytest.fixture(scope="module")
def evaluation_pipeline():
    return _pairs().evaluation()


@pytest.fixture(scope="module")
def evaluation(evaluation_pipeline):
    return _batches(evaluation_pipeline)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("transform", ["affine", "nonrigid", "both"])
def test_the_field_registers_the_pair(size, transform):
    fixed, moving, field = _frozen(_pairs(size, transform=transform, desensitize=False))
    assert fixed.dtype == moving.dtype == field.dtype == np.float32
    assert fixed.shape == moving.shape == (2, *size, 1) and field.shape == (2, *size, len(size))
    assert 0 <= fixed.min() and fixed.max() <= 1
    np.testing.assert_array_equal(fixed, geometry.warp_image(moving, field))
    assert np.abs(fixed - moving).mean() > 0.01


def test_desensitization_leaves_differences_too_small_to_be_seen():
    pairs, exact = (
        _frozen(_pairs(count=500, batch_size=500, seed=0, desensitize=desensitize)) for desensitize in (True, False)
    )
    fixed, moving, field = pairs
    different = (fixed != exact[0]).any(axis=(1, 2, 3))
    assert 1 <= different.sum() <= 15
    np.testing.assert_allclose(fixed, geometry.warp_image(moving, field), atol=0.02)
    np.testing.assert_array_equal(moving, exact[1])


def test_without_the_swap_the_original_is_fixed_and_the_field_inverted():
    arguments = {"size": (32, 32), "transform": "affine", "desensitize": False, "cell_range": (6, 10)}
    generated, original, field = _frozen(_pairs(**arguments))
    fixed, moving, target = _frozen(_pairs(**arguments, swap=False))
    np.testing.assert_array_equal(fixed, original)
    np.testing.assert_array_equal(moving, generated)
    inner = np.s_[:, 8:-8, 8:-8]
    np.testing.assert_allclose(geometry.compose(field, target)[inner], np.zeros_like(field[inner]), atol=1e-3)


def test_an_epoch_covers_every_image_and_may_end_with_a_smaller_batch(
    training_pipeline, three_epochs, evaluation_pipeline, evaluation
):
    assert _pairs().steps_per_epoch == 3
    assert training_pipeline.cardinality() == 9 and evaluation_pipeline.cardinality() == 3
    assert [len(field) for *_, field in three_epochs] == [4, 4, 2] * 3
    assert [len(field) for *_, field in evaluation] == [4, 4, 2]
    images = np.concatenate([moving for _, moving, _ in evaluation])
    assert len(np.unique(images.reshape(10, -1), axis=0)) == 10


def test_the_batch_size_is_known_if_it_is_always_the_same(evaluation_pipeline):
    for pipeline, batch in ((_pairs(count=8).evaluation(), 4), (evaluation_pipeline, None)):
        (fixed, moving), field = pipeline.element_spec
        assert fixed.shape.as_list() == moving.shape.as_list() == [batch, 24, 28, 1]
        assert field.shape.as_list() == [batch, 24, 28, 2]


def test_images_stay_and_fields_change_between_epochs_but_for_the_frozen_batch(three_epochs):
    first, second = three_epochs[:3], three_epochs[3:6]
    for one, other in zip(first[:-1], second[:-1]):
        np.testing.assert_array_equal(one[1], other[1])
        assert (one[2] != other[2]).any(axis=(1, 2, 3)).all()
    _assert_equal(first[-1:], second[-1:])


def test_the_frozen_batch_ends_training_epochs_and_evaluation(three_epochs, evaluation):
    frozen = _frozen(_pairs())
    for last in (three_epochs[-1], evaluation[-1]):
        for x, y in zip(frozen, last):
            np.testing.assert_allclose(x, y, atol=1e-5)


def test_no_batch_is_frozen_if_not_asked_for(three_epochs):
    batches = _batches(_pairs(frozen_last_batch=False).training(2))
    assert (batches[2][2] != batches[5][2]).any(axis=(1, 2, 3)).all()
    _assert_equal(batches[:2], three_epochs[:2])


def test_a_resumed_run_sees_the_batches_it_would_have_seen(three_epochs):
    _assert_equal(three_epochs[3:], _batches(_pairs().training(2, first_epoch=1)))


def test_evaluation_fields_belong_to_no_training_epoch(three_epochs, evaluation):
    for _, _, field in evaluation[:-1]:
        for _, _, trained in three_epochs:
            assert field.shape != trained.shape or (field != trained).any(axis=(1, 2, 3)).all()


def test_batches_do_not_depend_on_the_parallelism(three_epochs):
    _assert_equal(three_epochs, _batches(_pairs().training(3, parallel_calls=4)))


def test_all_pipelines_of_a_dataset_share_one_graph(monkeypatch):
    traced, original = [], ChessboardPairs._batch

    def batch(pairs, *arguments):
        traced.append(pairs)
        return original(pairs, *arguments)

    monkeypatch.setattr(ChessboardPairs, "_batch", batch)
    pairs = _pairs(size=(8, 8), transform="affine", desensitize=False)
    pairs.training(1), pairs.training(2, first_epoch=1), pairs.evaluation()
    assert traced == [pairs]
    # The batches of fewer pairs are others.
    fewer = pairs.first(3)
    assert fewer.evaluation().element_spec[1].shape[0] == 3 and traced == [pairs, fewer]


def test_pipelines_can_be_iterated_again(evaluation_pipeline, evaluation):
    assert isinstance(evaluation_pipeline, tf.data.Dataset)
    _assert_equal(_batches(evaluation_pipeline), evaluation)


@pytest.mark.parametrize("size", SIZES)
def test_pairs_do_not_depend_on_the_batch_size(size):
    small = _batches(_pairs(size, transform="affine", batch_size=3).evaluation())
    large = _frozen(_pairs(size, transform="affine", batch_size=10))
    for x, y in zip(zip(*small), large):
        np.testing.assert_allclose(np.concatenate(x), y, atol=1e-5)


def test_seeds_make_different_datasets():
    assert all((x != y).any(axis=(1, 2, 3)).all() for x, y in zip(_frozen(_pairs()), _frozen(_pairs(seed=77))))


@pytest.mark.parametrize(
    ("argument", "value"),
    [
        ("size", (24,)), ("size", (24, 24, 24, 24)), ("size", (24, 0)), ("size", 24), ("size", (24.0, 24)),
        ("count", 0), ("count", -1), ("count", 2.5), ("count", True),
        ("batch_size", 0), ("batch_size", None),
        ("transform", "rigid"), ("transform", None),
        ("max_displacement", 0.0), ("max_displacement", float("nan")), ("max_displacement", "6"),
        ("seed", -1), ("seed", 2**64), ("seed", 1.5),
        ("desensitize", 1), ("swap", "yes"), ("frozen_last_batch", None),
    ],
)
def test_wrong_arguments_are_errors_that_name_them(argument, value):
    with pytest.raises(ValueError, match=rf"`{argument}.* must be .*Received: {argument}"):
        _pairs(**{argument: value})


@pytest.mark.parametrize(("argument", "value"), [("epochs", 0), ("first_epoch", -1)])
def test_wrong_epochs_are_errors(argument, value):
    with pytest.raises(ValueError, match=f"`{argument}` must be .*Received: {argument}={value}"):
        _pairs().training(**{"epochs": 1, argument: value})


def test_the_base_class_has_no_images():
    with pytest.raises(TypeError, match="abstract.*_images"):
        SyntheticPairs((24, 24), 10, 4, "affine", 6.0, 42, True, True, True)
