"""Real pairs on which nothing was drawn: read, judged by intensities, written into tables."""

import json

import numpy as np
import pytest

from dirv_tf.io import write_image
from experiments.comparison.real.__main__ import main
from experiments.comparison.real.judges import JUDGES, judge_of
from experiments.comparison.real.methods import Answer, RealMethod
from experiments.comparison.real.pair_table import read_real_pairs
from experiments.comparison.real.plain_pair import plain
from experiments.comparison.real.run import compare_on_real_pairs
from experiments.comparison.real.table import describe, methods_table, pairs_table


@pytest.fixture
def table(tmp_path):
    """A table of one pair: a ramp, and the same ramp two columns to the right."""
    for name, shift in (("a", 0), ("b", 2)):
        ramp = np.broadcast_to(10 * np.clip(np.arange(24) - shift, 0, 20), (16, 24))
        write_image(tmp_path / f"{name}.png", ramp.astype(np.uint8))
    path = tmp_path / "pairs.csv"
    path.write_text("fixed,moving\na.png,b.png\n", encoding="utf-8")
    return path


def _constant(columns):
    return lambda fixed, moving: Answer(np.broadcast_to(np.float32([0, columns]), (*fixed.shape, 2)).copy())


def test_a_table_of_images_alone_is_read_where_it_is_asked_for(table):
    (pair,) = read_real_pairs(table, images_alone=True)
    assert (pair.annotation, pair.fixed_annotation, pair.moving_annotation) == ("none", None, None)
    table.write_text("fixed\na.png\n", encoding="utf-8")
    with pytest.raises(ValueError, match="expected the columns fixed, moving. Received: no moving"):
        read_real_pairs(table, images_alone=True)
    table.write_text("fixed,moving\n", encoding="utf-8")
    with pytest.raises(ValueError, match="Expected at least one pair. Received"):
        read_real_pairs(table, images_alone=True)


def test_both_images_share_one_range(table):
    ready = plain(*read_real_pairs(table, images_alone=True))
    # From 0 to 200 in both: equal gray values stay equal.
    np.testing.assert_allclose(ready.moving[:, 2:], ready.fixed[:, :-2], atol=1e-6)
    assert (ready.fixed.min(), ready.fixed.max()) == (0, 1)
    write_image(table.parent / "b.png", np.zeros((16, 20), np.uint8), overwrite=True)
    with pytest.raises(ValueError, match=r"one shape.*\(16, 24\) and \(16, 20\)"):
        plain(*read_real_pairs(table, images_alone=True))


def test_the_true_field_leaves_no_difference(table):
    ready, judge = plain(*read_real_pairs(table, images_alone=True)), JUDGES["none"]
    still, fits, wrong = (judge.measure(ready, _constant(columns)(*ready[1:]).flow_field) for columns in (0, 2, -2))
    # Twenty of twenty-four columns are a tenth of the range apart, the first two and the last two partly.
    assert fits == 0 and 15 < still < 25.5 and wrong > 1.8 * still
    summary = judge.summary([{"l_int": fits}, {"l_int": wrong}], [still, still])
    assert summary["worse_than_before"] == 0.5 and summary["dl_int_worst"] < -80
    assert summary["dl_int"] == pytest.approx(100 * (1 - wrong / (2 * still)), abs=0.01)


def test_the_command_writes_tables_of_intensities(table, tmp_path, capsys):
    arguments = ["--pairs", str(table), "-o", str(tmp_path / "out"), "--methods", "before"]
    assert main(arguments) == 2 and "Received: no fixed_landmarks" in capsys.readouterr().err
    assert main([*arguments, "--intensities"]) == 0
    record = json.loads((tmp_path / "out" / "pairs.json").read_text(encoding="utf-8"))
    assert record["side"] == [16, 24] and describe(record) == "1 pair of 16 x 24 pixels."
    assert judge_of(record).key == "l_int" and "| 0.0 | 0.0 | 0 % |" in methods_table(record)
    assert main([*arguments, "--intensities", "--poses", "1"]) == 2 and "pairs with nothing drawn" in capsys.readouterr().err
    assert main([*arguments, "--intensities", "--side", "64"]) == 2 and "Received: side=64" in capsys.readouterr().err


def test_pairs_of_several_sizes_are_said_to_be(table, tmp_path):
    for name in ("c", "d"):
        write_image(tmp_path / f"{name}.png", np.arange(100, dtype=np.uint8).reshape(10, 10))
    table.write_text("fixed,moving\na.png,b.png\nc.png,d.png\n", encoding="utf-8")
    method = RealMethod("before", "nothing", _constant(0))
    pairs = read_real_pairs(table, images_alone=True)
    record = compare_on_real_pairs(pairs, [method], tmp_path / "own.json", report=lambda line: None)
    assert describe(record) == "2 pairs of 10 x 10, 16 x 24 pixels."


def test_a_warning_stands_beside_the_difference(table, tmp_path):
    method = RealMethod("network", "right", lambda *images: Answer(_constant(2)(*images).flow_field, lambda: ("folds",)))
    pairs = read_real_pairs(table, images_alone=True)
    record = compare_on_real_pairs(pairs, [method], tmp_path / "own.json", report=lambda line: None)
    assert "| a.png ← b.png | 0.00 * |" in pairs_table(record)
    assert "| right | 0.00 | 100.0 | 100.0 | 0 % |" in methods_table(record)
