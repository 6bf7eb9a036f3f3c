"""The report from run folders to pages."""

import re

import pytest
from PIL import Image

from dirv_tf.models import DIRVNet
from dirv_tf.models.weight_files import save_weights_file
from dirv_tf.report import find_runs, write_report


def test_a_run_stands_beside_its_reference(make_run, tmp_path):
    reference = {"source": "thesis, table 1", "split": "test", "metrics": {"dl_int": 60.5, "dl_dis": 51.6}}
    page = write_report([make_run("A-1", reference=reference)], tmp_path / "report", say=lambda text: None)
    markdown = page.with_name("report.md").read_text(encoding="utf-8")
    (row,) = re.findall(r"^\| A-1 .*$", markdown, flags=re.MULTILINE)
    measured = ("60.5 / 51.6", "77.2 / 80.2", "94.2 / 86.1", "+16.7 / +28.6", "0.273")
    for cell in ("1,234", *measured, "1 min 15 s", "2024-05-06"):
        assert f"| {cell} |" in row
    assert "94.2 / 86.1" in page.read_text(encoding="utf-8")


def test_a_reference_of_training_pairs_says_so_and_may_lack_metrics(make_run, tmp_path):
    reference = {"source": "elsewhere", "split": "train", "metrics": {"dl_int": 60.5}}
    page = write_report([make_run("A-1", reference=reference)], tmp_path / "report", pictures=False)
    (row,) = re.findall(r"^\| A-1 .*$", page.with_name("report.md").read_text(encoding="utf-8"), flags=re.MULTILINE)
    assert "| 60.5 / – (training) | 77.2 / 80.2 | 94.2 / 86.1 |" in row, "without a difference"


def test_an_unfinished_run_shows_no_metrics(make_run, tmp_path):
    page = write_report([make_run("A-1", finished=False)], tmp_path / "report", pictures=False)
    text = page.with_name("report.md").read_text(encoding="utf-8")
    assert "not finished (running)" in text and "77.2" not in text


def test_names_cannot_break_the_page(make_run, tmp_path):
    page = write_report([make_run("<mine>")], tmp_path / "report", pictures=False)
    text = page.read_text(encoding="utf-8")
    assert "&lt;mine&gt;" in text and "<mine>" not in text


def test_runs_of_one_name_keep_sections_of_their_own(make_run, tmp_path):
    page = write_report([make_run("mine"), make_run("mine", folder="again")], tmp_path / "report", pictures=False)
    targets = re.findall(r'<section id="(run-.*?)"', page.read_text(encoding="utf-8"))
    assert len(targets) == len(set(targets)) == 2


def test_pictures_come_from_history_and_weights(make_run, tmp_path):
    run = make_run("mine")
    model = DIRVNet(rank=2, levels=2, units=1, experts=2, knots=4)
    save_weights_file(model, run)
    page = write_report([run], tmp_path / "report", say=lambda text: None)
    markdown = page.with_name("report.md").read_text(encoding="utf-8")
    titles = re.findall(r"!\[Run mine: (.*?)\]\((.*?)\)", markdown)
    expected = {f"{what} of an unseen pair" for what in ("Registration", "Flow field", "Field after every unit")}
    expected |= {"Learning curves", "Potentials, level 1", "Kernels, level 0"}
    expected |= {"Refinement of an unseen pair, round by round"}
    assert expected <= {title for title, _ in titles}
    for _, name in titles:
        assert (page.parent / name).read_bytes().startswith(b"\x89PNG")
    text = page.read_text(encoding="utf-8")
    sizes = re.findall(r'<img src="(.*?)" width="(\d+)" height="(\d+)" loading="lazy"', text)
    assert [name for name, *_ in sizes] == [name for _, name in titles]
    for name, width, height in sizes:
        with Image.open(page.parent / name) as image:
            assert image.size == (int(width), int(height))


def test_a_run_whose_images_are_not_here_says_so(make_run, tmp_path):
    run = make_run("mine")
    text = (run / "config.yaml").read_text(encoding="utf-8")
    kind = "data: {kind: chessboard, size: [16, 16], cell_range: [3, 5], transform: both,"
    (run / "config.yaml").write_text(text.replace(kind, "data: {kind: folder, size: [16, 16], folder: nowhere,"))
    save_weights_file(DIRVNet(rank=2, levels=2, units=1, experts=2, knots=4), run)
    page = write_report([run], tmp_path / "report", say=lambda text: None)
    markdown = page.with_name("report.md").read_text(encoding="utf-8")
    assert "Learning curves" in markdown and re.search("No pictures of pairs.*nowhere", markdown)


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
