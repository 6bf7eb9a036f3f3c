"""The report from run folders to pages."""

import re

import pytest

from dirv_tf.models import DIRVNet
from dirv_tf.models.weight_files import save_weights_file
from dirv_tf.report import find_runs, write_report


def test_a_run_of_the_thesis_stands_beside_its_row(make_run, tmp_path):
    page = write_report([make_run("A-1")], tmp_path / "report", say=lambda text: None)
    markdown = page.with_name("report.md").read_text(encoding="utf-8")
    (row,) = re.findall(r"^\| A-1 .*$", markdown, flags=re.MULTILINE)
    figures = ("60.5 / 51.6", "77.2 / 80.2", "94.2 / 86.1", "+16.7 / +28.6", "0.273")
    for cell in ("1,234", *figures, "1 min 15 s", "2024-05-06"):
        assert f"| {cell} |" in row
    assert "94.2 / 86.1" in page.read_text(encoding="utf-8")


def test_what_was_not_run_is_said_and_nothing_is_filled_in(make_run, tmp_path):
    page = write_report([make_run("A-1")], tmp_path / "report", pictures=False)
    markdown = page.with_name("report.md").read_text(encoding="utf-8")
    (row,) = re.findall(r"^\| A-7 .*$", markdown, flags=re.MULTILINE)
    assert [cell.strip() for cell in row.strip("|").split("|") if cell.strip()] == ["A-7", "not run", "77.8 / 71.7"]


def test_an_unfinished_run_shows_no_figures(make_run, tmp_path):
    page = write_report([make_run("A-1", finished=False)], tmp_path / "report", pictures=False)
    text = page.with_name("report.md").read_text(encoding="utf-8")
    assert "not finished (running)" in text and "77.2" not in text


def test_other_runs_have_a_table_of_their_own(make_run, tmp_path):
    page = write_report([make_run("<mine>")], tmp_path / "report", pictures=False)
    text = page.read_text(encoding="utf-8")
    assert "Other runs" in text and "&lt;mine&gt;" in text and "<mine>" not in text


def test_pictures_come_from_history_and_weights(make_run, tmp_path):
    run = make_run("mine")
    model = DIRVNet(rank=2, levels=2, units=1, experts=2, knots=4)
    save_weights_file(model, run)
    page = write_report([run], tmp_path / "report", say=lambda text: None)
    markdown = page.with_name("report.md").read_text(encoding="utf-8")
    titles = re.findall(r"!\[mine: (.*?)\]\((.*?)\)", markdown)
    expected = {f"{what} of an unseen pair" for what in ("registration", "flow field", "field after every unit")}
    expected |= {"learning curves", "potentials, level 1", "kernels, level 0"}
    assert expected <= {title for title, _ in titles}
    for _, name in titles:
        assert (page.parent / name).read_bytes().startswith(b"\x89PNG")
    assert page.read_text(encoding="utf-8").count("data:image/png;base64,") == len(titles)


def test_folders_of_runs_are_searched_and_none_counts_twice(make_run, tmp_path):
    make_run("B-1", folder="runs/b")
    single = make_run("A-6", folder="runs/a")
    assert [run.name for run in find_runs([tmp_path / "runs", single])] == ["A-6", "B-1"]


def test_no_run_and_a_damaged_one_are_named(make_run, tmp_path):
    with pytest.raises(FileNotFoundError, match="Expected a run's folder"):
        find_runs([tmp_path])
    run = make_run("A-1")
    (run / "metrics.json").write_text("{", encoding="utf-8")
    with pytest.raises(ValueError, match="Received: .*run: JSONDecodeError"):
        find_runs([run])
