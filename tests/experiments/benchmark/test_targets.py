import pytest

from experiments.benchmark.rows import Row
from experiments.benchmark.targets import targets
from experiments.benchmark.timing import Spread


def row(section, name, value, ratio=None):
    spread = Spread(value, value, value, 3)
    return Row(section, name, spread, ratio=None if ratio is None else Spread(ratio, ratio, ratio, 3))


@pytest.mark.parametrize("good", [True, False])
def test_every_target_is_met_or_not(good):
    rows = [
        row("training step", "textbook", 300, 1.9 if good else 1.7),
        row("training step", "arithmetic floor", 30, 0.2 if good else 0.15),
        row("inference 256²", "dirv_tf", 60 if good else 70),
        row("inference 256²", "VoxelMorph", 20, 0.25 if good else 0.15),
        row("first answer, 512²", "import of TensorFlow", 2.0),
        row("first answer, 512²", "first pair from the shell", 3.9 if good else 4.1),
        row("first answer, 512²", "new size", 0.8 if good else 1.0),
        row("first answer, 512²", "repeated size", 0.4),
        row("peak memory", "textbook", 900, 2.1 if good else 1.9),
        row("inference per pixel", "64²", 100),
        row("inference per pixel", "1024²", 140 if good else 60),
    ]
    judged = targets(rows)
    assert [target.met for target in judged] == [good] * 8
    assert judged[1].measured == pytest.approx(5 if good else 1 / 0.15)
    assert judged[2].measured == pytest.approx(1000 / (60 if good else 70))


def test_what_was_not_measured_is_not_judged():
    assert targets([row("inference 64²", "dirv_tf", 5)]) == []
