"""The page of the studies is what the records say."""

import json

from experiments.comparison.summary import RECORD, summary_table
from experiments.studies.page import FOLDER, PAGE, blocks


def test_the_page_is_that_of_the_records(capsys):
    assert PAGE.main(["--check"]) == 0, "run: python -m experiments.studies.page"
    assert "up to date" in capsys.readouterr().out


def test_every_member_of_every_study_has_a_row_with_its_numbers():
    tables = blocks()
    records = sorted(FOLDER.glob("*.json"))
    assert {path.stem for path in records} == set(tables) - {"classical", "velocity_maps"}
    for path in records:
        for member in json.loads(path.read_text(encoding="utf-8"))["members"]:
            numbers = f"{member['dl_int_finest']:.1f} / {member['dl_dis_finest']:.1f}"
            assert f"| `{member['name']}` | {numbers} |" in tables[path.stem], path
    # experiments/results/ablations/levels.json
    assert "| `two-levels` | 92.8 / 83.0 | +3.3 / +3.5 | 83.3 / 78.8 | Two such levels (A-5) |" in tables["levels"]
    assert "1 core of AMD EPYC, no GPU." in tables["levels"]


def test_every_method_stands_with_all_sets_of_pairs():
    table = summary_table()
    methods = [row["name"] for row in json.loads(RECORD.read_text(encoding="utf-8"))["sets"][0]["methods"]]
    assert [line.split(" | ")[0].strip("| ") for line in table.splitlines()[2:-2]] == methods
    assert "| demons | 98.4 / 88.4, 0.079 s | 98.6 / 97.0, 0.25 s | 98.1 / 98.3, 0.25 s |" in table
