"""What is asked of a field many times per pair says the same as the metrics."""

import math

import numpy as np
import pytest

from dirv_tf import metrics
from dirv_tf.registration.images.pair import Found, Pair
from dirv_tf.registration.maps.linear_map import LinearMap
from dirv_tf.registration.route.field_checks import folded_percent, irregularity


@pytest.mark.parametrize("size", [(12, 15), (7, 8, 9)])
def test_folds_and_unevenness_are_those_of_the_metrics(size, rng):
    pair = Pair(np.zeros(size, np.float32), np.zeros(size, np.float32), LinearMap.identity(len(size)))
    gentle = rng.uniform(-0.2, 0.2, (*size, len(size))).astype(np.float32)
    found = Found(gentle, "")
    assert folded_percent(pair, found) == 0
    assert irregularity(pair, found) == pytest.approx(float(metrics.sd_log_jacobian(gentle[None])[0]), rel=1e-4)
    wild = Found(10 * gentle, "")
    assert 0 < folded_percent(pair, wild) == pytest.approx(float(metrics.folded_percent(wild.flow_field[None])[0]), rel=1e-4)
    assert irregularity(pair, wild) == math.inf


def test_the_linear_part_is_no_unevenness():
    turn = LinearMap(np.array([[0.0, -1.5], [1.5, 0.0]]), np.array([20.0, 3.0]))
    pair = Pair(np.zeros((12, 15), np.float32), np.zeros((30, 30), np.float32), turn)
    assert irregularity(pair, Found(turn.flow_field((12, 15)), "")) == pytest.approx(0, abs=1e-5)
