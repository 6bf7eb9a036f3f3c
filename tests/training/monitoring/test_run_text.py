"""The configuration as a table."""

import dataclasses

import pytest

from dirv_tf.training.monitoring.run_text import configuration_table


@dataclasses.dataclass
class Inner:
    levels: int = 3


@dataclasses.dataclass
class Outer:
    name: str = "A-1"
    model: Inner = dataclasses.field(default_factory=Inner)


def test_nested_settings_become_rows():
    assert configuration_table(Outer()) == "| setting | value |\n| --- | --- |\n| name | A-1 |\n| model.levels | 3 |"


def test_line_breaks_and_bars_stay_within_a_cell():
    assert configuration_table({"a|b": "two\nlines"}).endswith("\n| a\\|b | two lines |")


def test_other_types_raise():
    with pytest.raises(TypeError, match="Received: run_config='A-1'"):
        configuration_table("A-1")
