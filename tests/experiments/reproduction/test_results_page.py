"""The table of runs in the documentation is what the records say."""


import json

from experiments.folders import RECORDS
from experiments.reproduction.results_page import ONE_CALL, PAGE, one_call_table, runs_table


def test_the_page_is_that_of_the_records(capsys):
    assert PAGE.main(["--check"]) == 0, "run: python -m experiments.reproduction.results_page"
    assert "up to date" in capsys.readouterr().out


def test_every_committed_run_has_a_row_with_its_numbers():
    table = runs_table()
    runs = [path.parent.name for path in RECORDS.glob("*/config.yaml")]
    assert table.count("\n") == len(runs) + 2
    row = next(line for line in table.splitlines() if line.startswith("| A-6 | full |"))
    # experiments/results/A-6/metrics.json, and the thesis's table 1.
    for text in ("28,735", "10,000 of 64², 40 epochs", "→ 1.08", "→ 0.19", "92.6 / 86.1", "75.9 / 68.6", "1:24", "2 cores"):
        assert text in row, text


def test_the_own_call_has_a_row_per_set_with_its_numbers():
    table = one_call_table()
    for entry in json.loads(ONE_CALL.read_text(encoding="utf-8"))["sets"]:
        row = next(line for line in table.splitlines() if entry["what"] in line)
        called = next(each for each in entry["methods"] if each["name"] == "register")
        assert f"{called['dl_int_finest']:.1f} / {called['dl_dis_finest']:.1f}" in row
