"""The tables of runs in the documentation are what the records say."""

import json
import re

from experiments.comparison.summary import ONE_CALL, one_call_table
from experiments.folders import RECORDS
from experiments.reproduction.open_runs import open_runs_table
from experiments.reproduction.results_page import PAGE, runs_tables


def test_the_page_is_that_of_the_records(capsys):
    assert PAGE.main(["--check"]) == 0, "run: python -m experiments.reproduction.results_page"
    assert "up to date" in capsys.readouterr().out


def rows(text, heading, kind):
    """Return the cells of a table under a heading, behind its kind, by column and by the first cell."""
    section = text.partition(f"### {heading}")[2].partition("\n### ")[0]
    lines = section.partition(f"{kind}:\n\n")[2].partition("\n\n")[0].splitlines()
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    return {row[0]: dict(zip(cells[0], row)) for row in cells[2:]}


def test_every_committed_run_has_its_rows():
    text = runs_tables()
    runs = len(list(RECORDS.glob("*/config.yaml")))
    ours = [line for line in text.splitlines() if line.startswith("| ") and "in the thesis" not in line]
    settings = [line for line in ours if re.search(r"\d+ cores?, ", line)]
    assert len(settings) == runs, "cores and processor of each"
    assert len(re.findall(r"^Settings:$", text, re.MULTILINE)) == 8, "seven tables and the other runs"


def test_a_network_that_judges_fields_is_no_registration():
    others, _, judges = runs_tables().partition("### Other runs")[2].partition("### Networks that judge fields")
    assert "best-2d" in others and "uncertainty-2d" not in others
    assert "docs/uncertainty.md" in judges and "ΔL" not in judges
    (row,) = (line for line in judges.splitlines() if line.startswith("| uncertainty-2d |"))
    assert "| 56,000 |" in row


def test_a_run_stands_below_the_thesis_with_all_its_columns():
    test, training, settings = (
        rows(runs_tables(), "Table 1", kind)
        for kind in ("Unseen test pairs", "Training pairs, last epoch", "Settings")
    )
    # The thesis's table 1.
    thesis = {"pairs": "10,000", "max ‖D‖": "8.64", "mean ‖D‖": "1.95", "ΔL_int / ΔL_dis": "75.9 / 68.6"}
    assert test["A-6 in the thesis"].items() >= thesis.items()
    assert test["A-6 in the thesis"]["L_int"] == "15.5 → 3.74", "3.74 / (1 - 0.759)"
    assert training["A-6 in the thesis"]["L_dis"].endswith("→ 0.43")
    assert "A-2 in the thesis" in training and "A-2 in the thesis" not in test
    # experiments/results/A-6.
    ours = {"pairs": "10,000", "L_dis": "1.38 → 0.19", "ΔL_int / ΔL_dis": "92.6 / 86.1"}
    ours["above the thesis"] = "+16.7 / +17.5"
    assert test["A-6 full"].items() >= ours.items()
    assert training["A-6 full"]["ΔL_int / ΔL_dis"] == "92.6 / 86.0", "the last line of history.csv"
    ours = {"parameters": "28,735", "pairs seen": "400,000", "training and test": "1:24"}
    ours["machine"] = "2 cores, AMD EPYC"
    assert settings["A-6 full"].items() >= ours.items()


def test_a_start_from_other_weights_is_counted_in():
    text = runs_tables()
    row = rows(text, "Table 3", "Settings")["C-2 long"]
    assert (row["weights from"], row["pairs seen"], row["pairs seen in all"]) == ("A-6 full", "30,000", "430,000")
    assert (row["training and test"], row["time in all"]) == ("0:33", "1:58")
    assert rows(text, "Table 7", "Settings")["G-1 quick"]["weights from"] == "F-1 medium, before that F-1 quick"


def test_rows_that_start_elsewhere_or_are_misprinted_say_so():
    text = runs_tables()
    tissue = rows(text, "Table 5", "Unseen test pairs")
    assert tissue["E-1 quick"]["starts elsewhere"] == "L_int 37.2, not 18.6"
    assert {"E-3 in the thesis *", "E-2 in the thesis"} <= set(tissue)
    fields = rows(text, "Table 2", "Unseen test pairs")
    assert fields["B-2 quick"]["starts elsewhere"] == "L_int 7.4, not 9.1; L_dis 0.68, not 0.81", "the training row's"
    assert fields["B-1 full"]["starts elsewhere"] == ""
    patches = rows(text, "Table 5", "Settings")["E-1 quick"]["trained on"]
    assert patches == "300 images of 256², 5 patches of 64² of each; 8 epochs"


def test_the_own_call_has_a_row_per_set_with_its_numbers():
    table = one_call_table()
    records = [json.loads(path.read_text(encoding="utf-8")) for path in ONE_CALL.glob("*/classical.json")]
    newest = {entry["name"]: entry for record in sorted(records, key=lambda each: each["date"]) for entry in record["sets"]}
    assert len(newest) == 5 and table.count("\n") == 2 + 5 + 2
    for entry in newest.values():
        row = next(line for line in table.splitlines() if entry["what"] in line)
        called = next(each for each in entry["methods"] if each["name"] == "register")
        assert f"{called['dl_int_finest']:.1f} / {called['dl_dis_finest']:.1f}" in row


def test_full_trainings_that_are_not_on_record_are_listed_with_their_hours():
    table = open_runs_table()
    lines = [line.strip("| ").split(" | ") for line in table.splitlines() if line.startswith("| ")][1:]
    named, full = {line[0] for line in lines}, {path.name for path in RECORDS.glob("?-?") if (path / "run.json").is_file()}
    assert not named & full and len(named | full) == 25, "all runs of the thesis"
    assert all(f" {name}," in table.partition("on record:")[2].replace(".", ",") for name in full)
    pairs = {name: pairs for name, _, pairs, _ in lines}
    assert pairs["D-1"] == "1,200,000", "30 epochs, 2,000 images, 20 patches"
    assert pairs["E-3"] == f"{30 * 314 * 15:,}"
    for _, _, _, hours in lines:
        fast, slow = map(float, hours.split(" to "))
        assert 0 < fast < slow < 100
