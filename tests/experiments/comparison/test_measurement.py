import numpy as np
import pytest

from dirv_tf.datasets import ChessboardPairs
from experiments.comparison.measurement import measure, reductions
from experiments.comparison.pair_sets import SETS, Pairs, draw

SETTINGS = {"data.size": [32, 32], "data.train_images": 8, "data.test_images": 8, "evaluation.batch_size": 2}
SMALL = SETS[0]._replace(settings=SETTINGS)


@pytest.fixture(scope="module")
def pairs():
    return draw(SMALL, "test", 3)


def test_the_true_field_removes_all_displacement_error_and_the_zero_field_none(pairs):
    true = reductions(pairs.flow_field, pairs)
    assert true["dl_dis_finest"] == pytest.approx(100, abs=0.01) and true["dl_int_finest"] > 99
    assert reductions(0 * pairs.flow_field, pairs) == {"dl_int_finest": 0, "dl_dis_finest": 0}


def test_half_of_the_field_removes_half_of_the_displacement_error(pairs):
    assert reductions(0.5 * pairs.flow_field, pairs)["dl_dis_finest"] == pytest.approx(50, abs=0.01)


def test_pairs_are_registered_one_by_one_after_one_call_to_warm_up(pairs):
    calls = []

    def register(fixed, moving):
        calls.append(fixed)
        return pairs.flow_field[max(0, len(calls) - 2)]

    measured = measure(register, pairs)
    assert len(calls) == 4 and calls[0].shape == (32, 32)
    np.testing.assert_array_equal(calls[-1], pairs.fixed[-1, ..., 0])
    assert measured["dl_dis_finest"] == pytest.approx(100, abs=0.01)
    assert measured["seconds_per_pair"] >= 0


def test_test_pairs_are_the_run_s_own_spread_over_its_batches(pairs):
    every = ChessboardPairs((32, 32), count=8, batch_size=2, seed=77).evaluation()
    fixed = np.concatenate([fixed for ((fixed, _), _) in every.as_numpy_iterator()])
    # Three of four batches, the first and the last among them, and the first pair of each.
    np.testing.assert_array_equal(pairs.fixed, fixed[[0, 4, 6]])
    assert isinstance(pairs, Pairs)


def test_pairs_to_tune_on_are_others(pairs):
    assert not np.array_equal(draw(SMALL, "train", 3).fixed, pairs.fixed)


def test_more_pairs_than_there_are_is_an_error():
    with pytest.raises(ValueError, match="Expected 1 to 4 pairs of chessboards-64. Received: count=5"):
        draw(SETS[0]._replace(settings={"data.test_images": 4}), "test", 5)
