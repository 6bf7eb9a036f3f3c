"""What many pairs cost, on the page, is what the record says."""

import json

import pytest

from experiments.folders import CHECKOUT, RECORDS
from experiments.reliability.cohort_cost import PAIRS, core_hours, gigabytes
from experiments.reliability.many_pairs_cost import EFFORTS, measured
from experiments.reliability.many_pairs_page import PAGE, cost


def test_the_page_is_that_of_the_record(capsys):
    assert PAGE.main(["--check"]) == 0, "run: python -m experiments.reliability.many_pairs_page"
    assert "up to date" in capsys.readouterr().out


def test_the_record_is_of_all_shipped_pairs():
    record = json.loads((RECORDS / "reliability" / "many_pairs_cost.json").read_text(encoding="utf-8"))
    lines = (CHECKOUT / "data" / "histology" / "pairs.csv").read_text(encoding="utf-8").splitlines()
    assert [row["effort"] for row in record["efforts"]] == list(EFFORTS)
    assert all(row["pairs"] == row["done"] == len(lines) - 1 for row in record["efforts"])
    assert f"## What {PAIRS:,} pairs cost" in PAGE.path.read_text(encoding="utf-8")


def test_hours_and_gigabytes_follow_the_formula():
    row = {"effort": "fast", "pairs": 5, "done": 5, "side": 500, "cpu_seconds": 1.8, "seconds": 1, "mb": 2.5}
    row["memory_mb"] = 1234
    assert core_hours(row) == pytest.approx(5.0) and gigabytes(row) == pytest.approx(25.0)
    hardware = {"cores": 2, "processor": "Some(R) CPU", "gpus": []}
    text = cost({"efforts": [row], "hardware": hardware, "versions": {"tensorflow": "2"}})
    assert "fast: 10,000 x 1.80 s / 3600 = 5.0 core hours; 10,000 x 2.50 MB / 1000 = 25.0 GB\n" in text
    assert "Other work" not in text
    busy = cost({"efforts": [{**row, "seconds": 9.04}], "hardware": hardware, "versions": {"tensorflow": "2"}})
    assert "Other work ran on the machine (9.0 s by the clock per pair at effort fast)" in busy
    assert text.endswith("\n| fast | 1.80 | 2.50 | 1,234 MB | 5.0 | 0.62 | 0.03 | 25.0 |\n")


def test_a_measured_pair_takes_time_space_and_memory(tmp_path):
    from experiments.reliability.dask_cluster import write_pairs

    said = measured(write_pairs(tmp_path / "inputs", 4), "fast", "1/2")
    assert said["pairs"] == said["done"] == 2 and said["side"] == 48
    assert 0 < said["cpu_seconds"] and 0 < said["mb"] < 1 and said["memory_mb"] > 50
