"""The page about the thesis: its tables, the studies, and what is missing or broken."""

import copy
import json
import re

import pytest

from dirv_tf.io.atomic_write import write_csv, write_json, write_text
from dirv_tf.training.config.config_loading import load_run
from dirv_tf.training.config.yaml_text import format_yaml
from experiments.folders import RECORDS, RUNS
from experiments.report import main
from experiments.reproduction.report import page as module

ORIGIN = {"date": "2024-05-06T10:00:00", "versions": {"tensorflow": "2.15.1"}}
ORIGIN["hardware"] = {"processor": "P", "cores": 2, "gpus": []}
METRICS = {"dl_int": 77.2, "dl_dis": 80.2, "dl_int_finest": 94.2, "dl_dis_finest": 86.1}
MEMBER = {"what": "as derived", **METRICS, "seconds": 75.0, "steps": 1300, "record": "results"}
STUDY = {
    "study": "levels", "title": "Number of levels", "question": "Do levels help?", "reference": "one", **ORIGIN,
    "members": [{"name": "one", **MEMBER}, {"name": "three", **MEMBER, "dl_dis_finest": 89.0, "steps": 20}],
}
METHOD = {"name": "demons", "what": "diffeomorphic", "settings": {"iterations": 50}, "dl_int_finest": 97.0}
METHOD.update(dl_dis_finest=90.0, seconds_per_pair=0.25)
CLASSICAL = {**ORIGIN, "sets": [{"name": "64", "pairs": 30, "size": [64, 64], "methods": [METHOD]}]}
VARIANT = {"name": "composed", "what": "w", "l_int": 0.8, "dl_int_finest": 94.7, "rounds": 2.6}
VARIANT.update(seconds=9.0, time_ratio=2.4)
REFINEMENT = {
    "run": "A-6", "pairs": 100, "size": [64, 64], "rounds_at_most": 15, "batch": 20, **ORIGIN,
    "variants": [
        {**VARIANT, "stop_rule": "standard_deviation", "l_dis": 0.19, "dl_dis_finest": 87.1},
        # Of the days when there was one rule.
        {**VARIANT, "name": "real pairs"},
    ],
}


@pytest.fixture
def results(tmp_path, monkeypatch):
    """A folder of results with two runs; the measurement of the interpolation has a test of its own."""
    monkeypatch.setattr(module, "interpolation_section", lambda pictures: module.Section("Limits", []))
    for name, preset in (("A-1", None), ("A-6", "quick")):
        config = load_run(name, preset, folder=RUNS)
        folder = tmp_path / "results" / "-".join(filter(None, (name, preset)))
        write_text(folder / "config.yaml", format_yaml(config.as_mapping()))
        write_json(folder / "run.json", {"parameters": 1234, "seconds": 75.0, "ended": "2024-05-06T10:00:00"})
        write_csv(folder / "history.csv", ["epoch", "l_dis"], [{"epoch": 1, "l_dis": 1.0}])
        write_json(folder / "metrics.json", {"test_images": 3, "test": METRICS})
    return tmp_path / "results"


def write(results):
    page, broken = module.write_reproduction(results, results.parent / "page", pictures=False)
    return page.with_name("report.md").read_text(encoding="utf-8"), broken


def section(text, title):
    (found,) = re.findall(rf"^## {re.escape(title)}$(.*?)(?=^## |\Z)", text, re.DOTALL | re.MULTILINE)
    return found


def test_all_tables_of_the_thesis_are_there_and_what_was_not_run_says_so(results):
    text, broken = write(results)
    assert broken == []
    assert re.findall(r"^## Table (\d)", text, re.MULTILINE) == list("1234567")
    table = next(part for part in text.split("\n## ") if part.startswith("Table 1:"))
    test = table.partition("Unseen test pairs:")[2].partition("Training pairs")[0]
    rows = {row.split("|")[1].strip(): row for row in test.splitlines() if row.startswith("| A-")}
    assert [name for name in rows if "thesis" not in name] == [
        "A-1 full", "A-2", "A-3", "A-4", "A-5", "A-6 quick", "A-7", "A-8"
    ]
    assert "| 60.5 / 51.6 |" in rows["A-1 in the thesis"] and "| 77.8 / 71.7 |" in rows["A-7 in the thesis"]
    assert all(f"| {cell} |" in rows["A-1 full"] for cell in ("77.2 / 80.2", "94.2 / 86.1", "+16.7 / +28.6"))
    cells = [cell.strip() for cell in rows["A-7"].strip("|").split("|")]
    assert list(filter(None, cells)) == ["A-7", "not run"]
    assert "| G-2 in the thesis | 500 | 12.27 | 3.42 |" in text and "| G-2 | not run |" in text


def test_studies_that_were_not_made_say_so(results):
    text, _ = write(results)
    assert "Not run yet." in section(text, "Ablations") and "Not run yet." in section(text, "Classical methods")
    assert "Not measured yet" in section(text, "Recurrent refinement")
    assert "Not measured yet" in section(text, "What is left of the errors")


def test_studies_are_shown(results):
    write_json(results / "ablations" / "levels.json", STUDY)
    write_json(results / "classical" / "classical.json", CLASSICAL)
    write_json(results / "refinement" / "A-6.json", REFINEMENT)
    errors = (RECORDS / "error_analysis" / "error_analysis.json").read_text(encoding="utf-8")
    write_text(results / "error_analysis" / "error_analysis.json", errors)
    text, broken = write(results)
    assert broken == []
    assert section(text, "What is left of the errors").count("| B-1 |") == 7
    ablations = section(text, "Ablations")
    # The title of a known study is that of its definition: a record keeps the words of its day.
    assert "Ablation: Number of pyramid levels" in ablations and "Do levels help?" in ablations
    assert "| one | as derived | 77.2 / 80.2 | 94.2 / 86.1 |  | 1,300 | 1 min 15 s |" in ablations
    assert "| three | as derived | 77.2 / 80.2 | 94.2 / 89.0 | +0.0 / +2.9 | 20 | 1 min 15 s |" in ablations
    classical = section(text, "Classical methods")
    assert "| demons | diffeomorphic | iterations 50 | 97.0 | 90.0 | 0.250 |" in classical
    assert "30 pairs of 64×64" in classical and "2024-05-06, TensorFlow 2.15.1, 2 cores of P, no GPU." in classical
    refinement = section(text, "Recurrent refinement")
    assert "| A-6 | composed | standard deviation | 0.80 | 0.190 | 94.7 | 87.1 | 2.60 | 2.4 × | 100 of 64×64 | 15, 20 |" in refinement
    assert "| A-6 | real pairs | intensity error | 0.80 | – | 94.7 | – | 2.60 | 2.4 × |" in refinement


def _without(record, *path):
    record = copy.deepcopy(record)
    inner = record
    for key in path[:-1]:
        inner = inner[key]
    del inner[path[-1]]
    return json.dumps(record)


@pytest.mark.parametrize(
    "file, content, message",
    [
        ("ablations/levels.json", "{", "Expected a record in JSON"),
        ("ablations/levels.json", "[]", "Expected study, title"),
        ("ablations/levels.json", _without(STUDY, "members", 1, "steps"), "Expected steps in the record"),
        ("ablations/levels.json", json.dumps({**STUDY, "reference": "two"}), "Expected the reference 'two' among"),
        ("ablations/levels.json", json.dumps({**STUDY, "members": []}), "Expected a list 'members' with entries"),
        ("classical/classical.json", _without(CLASSICAL, "sets", 0, "methods", 0, "settings"), "Expected settings"),
        ("classical/classical.json", _without(CLASSICAL, "versions"), "Expected versions"),
        ("error_analysis/error_analysis.json", json.dumps({**ORIGIN, "runs": [{"run": "A-6"}]}), "Expected pairs, l_int"),
        ("refinement/A-6.json", _without(REFINEMENT, "variants", 0, "rounds"), "Expected rounds"),
    ],
)
def test_a_broken_record_is_named_and_the_rest_is_shown(results, capsys, file, content, message):
    write_text(results / file, content)
    assert main([str(results), "-o", str(results.parent / "page"), "--no-pictures"]) == 1
    error = capsys.readouterr().err
    assert message in error and file in error
    text = (results.parent / "page" / "report.md").read_text(encoding="utf-8")
    assert "This section is missing." in text and file in text and "| A-1 full | 3 |" in text
    assert "| 77.2 / 80.2 | +16.7 / +28.6 | 94.2 / 86.1 |" in text


def test_a_folder_without_runs_is_refused(tmp_path, capsys):
    assert main([str(tmp_path), "-o", str(tmp_path / "page")]) == 1
    assert "Expected a run's folder" in capsys.readouterr().err and not (tmp_path / "page").exists()
