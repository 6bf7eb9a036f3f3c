"""The committed results come from runs whose records lie beside them, and the page says what they say."""

import dataclasses
import json
from pathlib import Path

import pytest

from dirv_tf.training.config.config_loading import load_run
from experiments.studies.study import read_study
from experiments.studies.table import cells

ROOT = Path(__file__).parents[3]
RESULTS = ROOT / "experiments" / "results" / "ablations"
STUDIES = sorted(RESULTS.glob("*.json"))


def test_there_is_at_least_the_study_of_the_deviations():
    assert "deviations" in [path.stem for path in STUDIES]


@pytest.mark.parametrize("path", STUDIES, ids=lambda path: path.stem)
def test_every_row_is_that_of_its_record(path):
    result = json.loads(path.read_text(encoding="utf-8"))
    study = read_study(result["study"])
    names = [member.name for member in study.members]
    assert [row["name"] for row in result["members"]] == [name for name in names if name not in result["missing"]]
    assert set(result["missing"]) < set(names)
    for row in result["members"]:
        folder = RESULTS / row["record"]
        measured = json.loads((folder / "metrics.json").read_text(encoding="utf-8"))["test"]
        record = json.loads((folder / "run.json").read_text(encoding="utf-8"))
        for key in ("dl_int", "dl_dis", "dl_int_finest", "dl_dis_finest"):
            assert row[key] == pytest.approx(measured[key], abs=0.005)
        assert (record["state"], record["seconds"]) == ("finished", row["seconds"])
        member = study.member(row["name"])
        assert record.get("deviations", []) == list(member.deviations)
        expected = member.config(result["scale"]).training
        if member.starts_from is not None:
            expected = dataclasses.replace(expected, start_from=str(folder.parent / member.starts_from / "weights.npz"))
        assert load_run(folder / "config.yaml").training == expected
        assert row.get("of") == member.of


@pytest.mark.parametrize("path", STUDIES, ids=lambda path: path.stem)
def test_the_page_has_the_metrics_of_every_row(path):
    result = json.loads(path.read_text(encoding="utf-8"))
    study = read_study(result["study"])
    if any(member.of for member in study.members):
        # One row holds several: see test_page.py.
        return
    page = (ROOT / "docs" / f"{study.page}.md").read_text(encoding="utf-8")
    for name, _, _, intensity, displacement, compared, *_ in cells(result):
        assert f"| `{name}` |" in page
        shown = f"| {intensity} / {displacement} |"
        assert (f"{shown} {compared} |" if study.page == "ablations" else shown) in page, name
