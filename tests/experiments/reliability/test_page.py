"""The page of reliability is what its records say."""

import json

from experiments.folders import RECORDS
from experiments.reliability.page import PAGE, blocks


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
