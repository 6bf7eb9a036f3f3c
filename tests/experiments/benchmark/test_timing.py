import numpy as np
import pytest

from experiments.benchmark.timing import measure_by_turns, ratio, spread


def test_candidates_take_turns_and_the_first_calls_do_not_count():
    calls = []
    candidates = {name: lambda name=name: calls.append(name) for name in "ABC"}
    times = measure_by_turns(candidates, seconds=0, least=4)
    assert calls == list("ABC") * 6
    assert {name: len(values) for name, values in times.items()} == {"A": 4, "B": 4, "C": 4}


def test_turns_end_at_the_most():
    times = measure_by_turns({"A": lambda: None}, seconds=100, most=7)
    assert len(times["A"]) == 7


def test_spread_and_ratio_turn_by_turn():
    assert spread([1, 2, 3, 4, 5]) == (3, 2, 4, 5)
    # A turn in which everything took ten times as long does not change the ratio.
    assert ratio([2, 20, 2.0], [1, 10, 1.0]) == (2, 2, 2, 3)
    assert ratio([1.0, 3.0], [1.0, 1.0]).median == pytest.approx(np.mean([1, 3]))
