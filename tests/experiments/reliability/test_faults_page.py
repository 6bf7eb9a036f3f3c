"""The page of faults is what its records say."""

import json

from experiments.folders import RECORDS
from experiments.reliability.faults_page import PAGE, kills_table, life_table


def test_the_page_is_that_of_the_records(capsys):
    assert PAGE.main(["--check"]) == 0, "run: python -m experiments.reliability.faults_page"
    assert "up to date" in capsys.readouterr().out


def test_the_records_are_of_the_whole_campaigns():
    kills, life = (
        json.loads((RECORDS / "reliability" / f"{name}.json").read_text(encoding="utf-8"))
        for name in ("kills", "long_life")
    )
    assert kills["kills"] >= 100 and {row["kind"] for row in kills["kinds"]} == {"training", "register", "cohort"}
    assert kills["faults"] == 0 and all(row["in_a_write"] > 0 for row in kills["kinds"])
    assert f"{kills['kills']} kills, 0 faults." in kills_table(kills)
    assert {row["model"] for row in life["models"]} == {"default", "best-2d"}
    for row in life["models"]:
        assert row["registrations"] >= 1000 and row["sizes"] == 50 and row["flat"] and row["warnings"] == []
        assert f"| {row['model']} | {row['registrations']:,} | 50 |" in life_table(life)
