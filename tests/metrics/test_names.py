import ast
from pathlib import Path

import pytest

from dirv_tf import metrics
from dirv_tf.metrics import METRIC_NAMES, names

ROOT = Path(__file__).parents[2]


def test_every_metric_of_a_test_row_is_in_the_table():
    every = metrics.RegistrationErrors(3)
    known = metrics.RegistrationErrors(3, known_fields=False)
    # Those of networks that judge a field in place of finding one.
    calibration = set(metrics.CalibrationScores().result())
    assert calibration <= set(METRIC_NAMES)
    keys = [
        key + suffix
        for key, name in METRIC_NAMES.items()
        for suffix in (names.level_suffixes(3) if name.per_level else [""])
        if not name.annotation and key not in calibration
    ]
    assert set(every.result()) == set(keys)
    assert set(known.result()) == {key for key in keys if not metrics.needs_true_field(key)}
    labels, landmarks = metrics.LabelScores([1, 12]).result(), metrics.LandmarkScores().result()
    drawn = {names.metric_name(key)[0].key for key in (*labels, *landmarks)}
    assert drawn == {key for key, name in METRIC_NAMES.items() if name.annotation}


def test_keys_of_levels():
    assert names.metric_name("dl_dis_level11") == (METRIC_NAMES["dl_dis"], "level 11")
    assert names.metric_name("l_int_finest") == (METRIC_NAMES["l_int"], "finest level")
    assert names.metric_name("l_int") == (METRIC_NAMES["l_int"], "average of the levels")
    assert names.metric_name("folded_percent") == (METRIC_NAMES["folded_percent"], "")
    assert names.metric_name("dice_before_label12") == (METRIC_NAMES["dice_before"], "label 12")
    for unknown in ("dice_level1", "l_int_label1", "tre_label1", "loss", "l_dis_other", "endpoint_error_finest", "l_int_level", "val_l_int", "x_level0"):
        assert names.metric_name(unknown) is None
    with pytest.raises(KeyError, match="Received: key='loss'"):
        metrics.needs_true_field("loss")


def test_texts():
    assert METRIC_NAMES["l_int"].heading == "L_int × 255" and METRIC_NAMES["dl_int"].title == "ΔL_int (%)"
    assert METRIC_NAMES["folded_percent"].text(0.25, digits=1) == "folded 0.2 %"


@pytest.mark.parametrize("part", ["dirv_tf", "experiments"])
def test_names_stand_in_the_table_alone(part):
    # A label as it is, or the key of older records, would be a second table.
    levels = [name for name in METRIC_NAMES.values() if name.per_level]
    forbidden = {text for name in levels for text in (name.label, name.heading, name.title)} | {"folded", "val_folded"}
    for path in (ROOT / part).rglob("*.py"):
        constants = {
            node.value
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
            if isinstance(node, ast.Constant) and isinstance(node.value, str)
        }
        assert path == ROOT / "dirv_tf" / "metrics" / "names.py" or not constants & forbidden, path
