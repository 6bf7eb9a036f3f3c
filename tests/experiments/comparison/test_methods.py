import numpy as np
import pytest

from experiments.comparison.methods import METHODS, Method, bound, tune
from experiments.comparison.pair_sets import Pairs

SPACE = {"size": [0.0, 0.5, 1.0, 3.0], "sign": [1]}


@pytest.fixture
def pairs(rng):
    images = rng.random((2, 2, 16, 16, 1)).astype(np.float32)
    return Pairs(*images, np.ones((2, 16, 16, 2), np.float32))


def constant_field(fixed, moving, size, sign):
    return np.full((*fixed.shape, 2), size * sign, np.float32)


def test_the_best_trial_comes_first_and_all_are_kept(pairs):
    told = []
    trials = tune(Method("constant", "", constant_field, SPACE), pairs, 10, progress=lambda *now: told.append(now))
    assert sorted(trial["settings"]["size"] for trial in trials) == SPACE["size"]
    sums = [trial["dl_int_finest"] + trial["dl_dis_finest"] for trial in trials]
    assert sums == sorted(sums, reverse=True)
    assert {trial["settings"]["size"]: trial["dl_dis_finest"] for trial in trials}[1.0] == pytest.approx(100, abs=0.01)
    assert told[-1] == (4, 4)


def test_the_search_is_the_same_with_the_same_seed(pairs):
    method = Method("constant", "", constant_field, SPACE)
    first, second = (tune(method, pairs, 2, seed=3) for _ in range(2))
    assert [trial["settings"] for trial in first] == [trial["settings"] for trial in second] and len(first) == 2


def test_no_trial_is_an_error(pairs):
    with pytest.raises(ValueError, match="at least one trial.*Received: trials=0"):
        tune(METHODS[0], pairs, 0)


@pytest.mark.parametrize("method", METHODS, ids=lambda method: method.name)
def test_every_setting_of_the_search_reaches_its_method(method):
    pytest.importorskip("SimpleITK")
    moving = np.random.default_rng(2).random((16, 16)).astype(np.float32)
    for values in (0, -1):
        settings = {name: choices[values] for name, choices in method.space.items()}
        settings["iterations"] = 1
        if "levels" in settings:
            settings["levels"] = 1
        field = bound(method, settings)(moving, moving)
        assert field.shape == (16, 16, 2) and np.isfinite(field).all()
