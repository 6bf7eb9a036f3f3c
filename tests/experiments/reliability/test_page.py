"""The page of reliability is what its records say."""

import importlib.util
import json
import re

from experiments.folders import CHECKOUT, RECORDS
from experiments.reliability.page import PAGE, blocks
from experiments.reliability.promises import PROMISES


def test_the_page_is_that_of_the_records(capsys):
    assert PAGE.main(["--check"]) == 0, "run: python -m experiments.reliability.page"
    assert "up to date" in capsys.readouterr().out


def test_every_reader_of_the_record_has_a_row_with_its_numbers():
    record = json.loads((RECORDS / "reliability" / "fuzz.json").read_text(encoding="utf-8"))
    text = blocks()["fuzz"]
    for row in record["readers"].values():
        counts = f"{row['mutations']:,} | {row['values']:,} | {row['errors']:,} | {len(row['undocumented'])}"
        assert f"| {row['title']} | {counts} |" in text
    assert f"{sum(row['mutations'] for row in record['readers'].values()):,} damaged files" in text


def test_a_promise_has_the_figure_of_its_record_a_command_and_a_place():
    rows = [line.strip("| ").split(" | ") for line in blocks()["promises"].splitlines()[2:]]
    assert [row[0] for row in rows] == [each.promise for each in PROMISES]
    for _, figure, command, place in rows:
        # A figure is a number, and no promise is made on faults.
        assert re.search(r"\d", figure) and not re.search(r"[1-9]\d* faults", figure)
        assert importlib.util.find_spec(f"experiments.{command.strip('`').split()[0]}")
        page, _, anchor = re.fullmatch(r"\[.+\]\((.*)\)", place)[1].partition("#")
        text = (CHECKOUT / "docs" / (page or "reliability.md")).read_text(encoding="utf-8")
        titles = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
        assert anchor in [re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles]


def test_a_promise_says_what_went_wrong():
    figures = {each.record: each.figure for each in PROMISES}
    record = json.loads((RECORDS / "reliability" / "fuzz.json").read_text(encoding="utf-8"))
    record["readers"]["tiff"]["undocumented"] = ["one", "two"]
    assert figures["fuzz"](record) == "15,000 damaged files, 2 ended otherwise"
    record = json.loads((RECORDS / "reliability" / "nearly_identical.json").read_text(encoding="utf-8"))
    record["rows"][-1]["fault"] = True
    assert ": 1 worse than before; " in figures["nearly_identical"](record)
    record = json.loads((RECORDS / "reliability" / "shared_settings.json").read_text(encoding="utf-8"))
    record["grown"]["1-to-2"]["faults"] = ["another curve"]
    assert figures["shared_settings"](record).endswith(" gone on with, 1 faults")
