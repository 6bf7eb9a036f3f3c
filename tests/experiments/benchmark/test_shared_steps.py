"""Steps that virtual devices share: their rows, and when they are measured."""

import json

from experiments.benchmark import run, shared_steps
from experiments.benchmark.plan import FULL, QUICK
from experiments.benchmark.shared_steps import SECTION, measure_shared_steps, rows_of_rates


def test_rates_are_those_of_all_devices_together():
    one, two = rows_of_rates({"1": [0.5, 1.0, 2.0], "2": [1.0, 2.0, 2.0]}, 4, "4 pairs")
    assert (one.section, one.name, one.unit, one.note) == (SECTION, "1 device", "pairs/s", "4 pairs")
    assert (one.value.median, two.value.median) == (4.0, 2.0) and two.name == "2 devices"
    # Turn by turn: 2, 2 and 1 times.
    assert two.note == "2.00 times the time of 1 device"


def test_every_number_of_devices_has_processes_of_its_own_by_turns(monkeypatch):
    """In one process, two devices and then four ended in an error of TensorFlow: their gradients have one group."""
    asked = []

    def run_python(*arguments):
        asked.append(json.loads(arguments[-1])["devices"])
        return 0.0, f"a line of TensorFlow\n{json.dumps([asked[-1] / 4, asked[-1] / 2])}"

    monkeypatch.setattr(shared_steps, "run_python", run_python)
    rows = measure_shared_steps(FULL._replace(shared_devices=(1, 2, 4), training_batch=8))
    assert asked == [1, 2, 4, 1, 2, 4]
    assert [row.name for row in rows] == ["1 device", "2 devices", "4 devices"]
    assert [row.value.repetitions for row in rows] == [4, 4, 4] and rows[2].note == "4.00 times the time of 1 device"


def test_the_full_benchmark_measures_them_and_the_quick_one_does_not():
    names = [[name for name, *_ in run._stages(plan, print)] for plan in (FULL, QUICK)]
    assert ["shared steps" in each for each in names] == [True, False]

