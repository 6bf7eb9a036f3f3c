"""The columns of the comparison have their known answers."""

import numpy as np
import pytest

from experiments.comparison.families.measurement import INVERSE_PAIRS, endpoint_errors, forth_and_back, measure
from experiments.comparison.families.pair_sets import SETS, draw


@pytest.fixture(scope="module")
def pairs():
    return draw(SETS[0]._replace(size=(40, 40)), INVERSE_PAIRS + 1)


def test_the_true_field_leaves_nothing_and_no_field_leaves_all(pairs):
    calls, told = [], []

    def truth(fixed, moving):
        calls.append(fixed)
        match = [k for k in range(len(pairs.fixed)) if np.array_equal(pairs.fixed[k, ..., 0], fixed)]
        return pairs.flow_field[match[0]] if match else np.zeros((40, 40, 2), np.float32)

    found = measure(truth, pairs, lambda done, total: told.append((done, total)))
    assert found["dl_dis_finest"] == 100 and found["dl_int_finest"] == 100
    assert found["endpoint_px"] == 0 and found["endpoint_px_pairs"] == [0.0] * len(pairs.fixed)
    assert found["folded_percent"] == 0 and found["sd_log_jacobian"] > 0
    # One call that does not count, one per pair, one more for those registered both ways.
    assert len(calls) == 1 + len(pairs.fixed) + INVERSE_PAIRS and told[-1] == (len(pairs.fixed), len(pairs.fixed))
    # The way back is none here, so that what is left is the field itself.
    length = np.linalg.norm(pairs.flow_field[:INVERSE_PAIRS], axis=-1).mean()
    assert found["inverse_px"] == pytest.approx(length, abs=1e-4)

    nothing = measure(lambda fixed, moving: np.zeros((40, 40, 2), np.float32), pairs)
    assert nothing["dl_dis_finest"] == nothing["dl_int_finest"] == nothing["inverse_px"] == 0
    assert nothing["sd_log_jacobian"] == 0
    assert nothing["endpoint_px"] == pytest.approx(np.mean(nothing["endpoint_px_pairs"]), abs=1e-4)


def test_errors_count_where_the_moving_image_shows_the_content():
    true = np.zeros((1, 4, 4, 2), np.float32)
    true[0, 0] = [-3, 0]  # beyond the upper border
    found = true.copy()
    found[0, 0] += 100
    assert endpoint_errors(true, found).tolist() == [0.0]
    found[0, 1] += [3, 4]
    np.testing.assert_allclose(endpoint_errors(true, found), [5 * 4 / 12], rtol=1e-6)


def test_the_way_forth_and_back_is_a_mean_length():
    shift = np.full((2, 6, 6, 2), [0.0, 2.0], np.float32)
    assert forth_and_back(shift, -shift) == 0
    assert forth_and_back(shift, 0 * shift) == pytest.approx(2)
