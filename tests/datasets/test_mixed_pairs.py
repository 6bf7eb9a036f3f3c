import numpy as np
import pytest

from dirv_tf.datasets import ChessboardPairs, MixedPairs, from_config, from_folder

# Small graphs: every pipeline is traced anew.
SIMPLE = {"seed": 1, "transform": "affine", "desensitize": False}


def _boards(count=7):
    return ChessboardPairs((16, 12), count, 2, cell_range=(3, 5), **SIMPLE)


def _images(folder, count=7):
    return from_folder(folder, size=(16, 12), count=count, batch_size=2, **SIMPLE)


def _arrays(dataset):
    return [[tensor.numpy() for tensor in (fixed, moving, field)] for (fixed, moving), field in dataset]


def _assert_same(first, second):
    for one, other in zip(first, second):
        np.testing.assert_array_equal(one, other)


@pytest.fixture(scope="module")
def parts(image_folder):
    return _boards(), _images(image_folder)


@pytest.fixture(scope="module")
def mixed(parts):
    """One mixture for all tests: it is traced once."""
    return MixedPairs(parts)


@pytest.fixture(scope="module")
def two_epochs(mixed):
    return _arrays(mixed.training(2))


@pytest.fixture(scope="module")
def evaluation(mixed):
    return _arrays(mixed.evaluation())


def test_batches_come_from_the_parts_by_turns(parts, mixed, two_epochs, evaluation):
    assert mixed.size == (16, 12) and mixed.steps_per_epoch == 4
    assert mixed.files == parts[1].files and MixedPairs([parts[0], parts[0]]).files is None
    of_parts = [_arrays(part.training(2)) for part in parts]
    assert len(two_epochs) == 8
    for number, batch in enumerate(two_epochs):
        _assert_same(batch, of_parts[number % 4 % 2][number])
    of_parts = [_arrays(part.evaluation()) for part in parts]
    for number, batch in enumerate(evaluation):
        _assert_same(batch, of_parts[number % 2][number])


def test_the_epoch_ends_with_the_frozen_batch(mixed, two_epochs):
    (fixed, moving), field = mixed.frozen_batch()
    for epoch_end in (3, 7):
        _assert_same(two_epochs[epoch_end], [each.numpy() for each in (fixed, moving, field)])


def test_the_first_pairs_are_those_of_the_whole(mixed, evaluation):
    few = mixed.first(4)
    assert few.count == 4 and mixed.count == 7
    for one, other in zip(_arrays(few.evaluation()), evaluation):
        _assert_same(one, other)


def test_a_mapping_gives_the_same_dataset(two_epochs, image_folder):
    config = {
        "kind": "mixture",
        "count": 7,
        "batch_size": 2,
        "size": [16, 12],
        **SIMPLE,
        "parts": [{"kind": "chessboard", "cell_range": [3, 5]}, {"kind": "folder", "folder": str(image_folder)}],
    }
    for one, other in zip(_arrays(from_config(config).training(1)), two_epochs):
        _assert_same(one, other)


def test_parts_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match="at least two datasets. Received: 1"):
        MixedPairs([_boards()])
    with pytest.raises(ValueError, match="the same size, count and batch size.*Received: .*6.*7"):
        MixedPairs([_boards(), _boards(6)])
    with pytest.raises(TypeError, match="synthetic pairs. Received: str"):
        MixedPairs([_boards(), "images"])
