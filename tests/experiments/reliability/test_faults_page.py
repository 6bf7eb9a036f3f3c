"""The page of faults is what its records say."""

import json

from experiments.folders import RECORDS
from experiments.reliability.faults_page import PAGE, cluster_table, kills_table, life_table
from experiments.reliability.long_life import is_flat


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
        assert row["registrations"] >= 1000 and row["sizes"] == 50 and is_flat(row) and row["warnings"] == []
        assert f"| {row['model']} | {row['registrations']:,} | 50 |" in life_table(life)


def test_on_the_cluster_every_pair_was_done_once_though_a_worker_was_killed():
    record = json.loads((RECORDS / "reliability" / "dask.json").read_text(encoding="utf-8"))
    assert record["pairs"] == record["done"] >= 100 and record["faults"] == [] and record["workers"] >= 2
    assert record["killed"] == 1 and 0 < record["killed_after"] < record["pairs"]
    assert record["largest_difference"] <= 1e-6
    assert f"| {record['pairs']} of 48 × 48 pixels | {record['workers']} | 1, after " in cluster_table(record)
