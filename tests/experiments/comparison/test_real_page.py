"""The page of real pairs is what its records say."""

import json

import pytest

from experiments.comparison.real_page import PAGE, SETS, blocks
from experiments.folders import RECORDS


def test_the_page_is_that_of_the_records(capsys):
    assert PAGE.main(["--check"]) == 0, "run: python -m experiments.comparison.real_page"
    assert "up to date" in capsys.readouterr().out


def test_every_method_of_every_record_has_a_row_with_its_numbers():
    text = blocks()["real"]
    records = sorted((RECORDS / "real").glob("*.json"))
    assert records and {path.stem for path in records} <= set(SETS)
    for path in records:
        for row in json.loads(path.read_text(encoding="utf-8"))["methods"]:
            summary = row["summary"]
            if "dl_int" in summary:
                measured = [f"{summary['l_int_mean']:.2f}", f"{summary['dl_int']:.1f}", f"{summary['dl_int_worst']:.1f}"]
            else:
                key, digits = ("rtre", 5) if "rtre_mean" in summary else ("dice", 4)
                measured = [f"{summary[f'{key}_{name}']:.{digits}f}" for name in ("mean", "median", "worst")]
            assert f"| {row['what']} | {' | '.join(measured)} |" in text, f"{path.name}, {row['name']}"


def test_records_name_no_folder_of_a_machine():
    for path in (RECORDS / "real").glob("*.json"):
        assert not any(pair.startswith("/") or "| /" in pair for pair in json.loads(path.read_text())["pairs"])


def test_only_what_lies_between_the_marks_is_written():
    begin, end = PAGE.marks("real")
    page = f"before\n{begin}\nold\n{end}\nafter"
    assert PAGE.written(page, {"real": "new\n"}) == f"before\n{begin}\n\nnew\n\n{end}\nafter"
    with pytest.raises(ValueError, match="Expected a page with the marks"):
        PAGE.written(page, {"other": "new"})
    assert PAGE.path.read_text(encoding="utf-8").startswith("# Real pairs")
