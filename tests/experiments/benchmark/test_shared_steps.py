"""Steps that virtual devices share: their rows, and when they are measured."""

from experiments.benchmark import run
from experiments.benchmark.plan import FULL, QUICK
from experiments.benchmark.shared_steps import SECTION, rows_of_rates


def test_rates_are_those_of_all_devices_together():
    one, two = rows_of_rates({"1": [0.5, 1.0, 2.0], "2": [1.0, 2.0, 2.0]}, 4, "4 pairs")
    assert (one.section, one.name, one.unit, one.note) == (SECTION, "1 device", "pairs/s", "4 pairs")
    assert (one.value.median, two.value.median) == (4.0, 2.0) and two.name == "2 devices"
    # Turn by turn: 2, 2 and 1 times.
    assert two.note == "2.00 times the time of 1 device"


def test_the_full_benchmark_measures_them_and_the_quick_one_does_not():
    names = [[name for name, *_ in run._stages(plan, print)] for plan in (FULL, QUICK)]
    assert ["shared steps" in each for each in names] == [True, False]

