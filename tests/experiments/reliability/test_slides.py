"""Whole slides: what was measured is what was promised, and the page says it."""

import json
import re
import signal

import numpy as np
import pytest
from scipy import ndimage

from dirv_tf import io
from experiments.folders import RECORDS
from experiments.reliability import slides
from experiments.reliability.cohort_cost import PAIRS, core_hours
from experiments.reliability.slide_pair import PIXEL_SIZE, KnownSlides, write_slides
from experiments.reliability.slides_page import PAGE, cost, row


@pytest.fixture(scope="module")
def record():
    return json.loads((RECORDS / "reliability" / slides.RECORD_NAME).read_text(encoding="utf-8"))


def test_the_page_is_that_of_the_record(capsys):
    assert PAGE.main(["--check"]) == 0, "run: python -m experiments.reliability.slides_page"
    assert "up to date" in capsys.readouterr().out
    assert f"## What {PAIRS:,} slides cost" in PAGE.path.read_text(encoding="utf-8")


def test_the_record_is_of_whole_slides_in_two_gigabytes(record):
    assert record["side"] >= 20_000 and record["faults"] == []
    assert all(record[name]["memory_mb"] <= 2048 for name in slides.STEPS)
    assert record["killed"]["status"] == -signal.SIGKILL and record["warp"]["status"] == 0
    assert 0 < record["kept"][0] < record["kept"][1]
    # Better than half a pixel of the level.
    assert record["error_px"]["after"]["mean"] < record["level"]["step"] / 2 < record["error_px"]["before"]["mean"]
    assert record["levels"]["moved.ome.tif"][0] == [record["side"]] * 2


def test_hours_and_gigabytes_follow_the_formula(record):
    made = {**record, "mb": {"fixed": 100.0, "moving": 120.0, "result": 20.0, "moved": 700.0, "moved_jpeg": 80.0}}
    for name, seconds in (("register", 30.0), ("killed", 50.0), ("warp", 100.0), ("warp_jpeg", 60.0)):
        made[name] = {"cpu_seconds": seconds, "memory_mb": 1000 + seconds}
    assert row(made, False) == {"cpu_seconds": 180.0, "memory_mb": 1100.0, "mb": 720.0}
    assert row(made, True) == {"cpu_seconds": 90.0, "memory_mb": 1060.0, "mb": 100.0}
    assert core_hours(row(made, False)) == pytest.approx(500)
    text = cost(made)
    assert "deflate: 10,000 x 180.0 s / 3600 = 500 core hours; 10,000 x 720.0 MB / 1000 = 7,200 GB\n" in text
    assert "read: 10,000 x 220.0 MB / 1000 = 2,200 GB\n" in text


def test_the_lines_of_the_page_multiply(record):
    factors = re.findall(r"10,000 x ([\d.,]+) (?:s / 3600|MB / 1000) = ([\d,]+) (core hours|GB)", cost(record))
    assert len(factors) == 5
    for one, many, unit in factors:
        one, many = (float(number.replace(",", "")) for number in (one, many))
        assert many == pytest.approx(PAIRS * one / (3600 if unit == "core hours" else 1000), abs=0.51)


def test_what_is_not_as_promised_is_a_fault(record):
    whole = {**record, **{name: {**record[name], "said": []} for name in slides.STEPS}}
    assert slides.faults(whole) == []
    changes = [
        {"register": {**whole["register"], "status": 1}},
        {"warp": {**whole["warp"], "memory_mb": 2049}},
        {"killed": {**whole["killed"], "status": 0}},
        {"kept": [0, 100]},
        {"error_px": {"after": {"mean": float("nan")}}},
        {"difference": {"before": 20.0, "after": 19.0}},
        {"left": [*whole["left"], ".moved.tif-unfinished"]},
    ]
    assert [len(slides.faults({**whole, **change})) for change in changes] == [1] * len(changes)


def test_the_known_slides_are_the_same_section(tmp_path):
    known = KnownSlides(400)
    paths = write_slides(tmp_path, known, 64)
    levels = io.slide_levels(paths[0])
    assert levels[0].size == (400, 400) and len(levels) == 3
    assert io.slide_geometry(paths[1]).pixel_size == pytest.approx((PIXEL_SIZE, PIXEL_SIZE))
    whole = known.fixed((0, 0), (400, 400))
    np.testing.assert_array_equal(whole[100:220, 150:240], known.fixed((100, 150), (120, 90)))


def test_the_map_between_the_known_slides():
    known, start, size = KnownSlides(4000), (1500, 1700), (120, 90)
    places = known.places(start, size)
    first = np.floor(places.min((1, 2))).astype(int)
    around = known.moving(first, np.ceil(places.max((1, 2))).astype(int) - first + 2)
    places -= first.reshape(2, 1, 1)
    seen = [ndimage.map_coordinates(channel.astype(float), places, order=1) for channel in np.moveaxis(around, -1, 0)]
    fixed, there = known.fixed(start, size), known.moving(start, size).astype(float)
    assert np.abs(np.stack(seen, -1) - fixed).mean() < 0.25 * np.abs(there - fixed).mean()


def test_a_command_is_measured():
    measured = slides.carried_out(["register", "--help"])
    assert measured["status"] == 0 and measured["memory_mb"] > 5 and "usage: dirv-tf register" in measured["said"][0]
    assert slides.kept_blocks(["Written: a.tif, levels of 8 x 8 pixels, 3 of 12 blocks by an earlier call"]) == [3, 12]
    assert slides.kept_blocks(["Written: a.tif, levels of 8 x 8 pixels"]) == [0, 0]


def test_a_command_that_ends_before_it_is_to_be_killed_is_measured(tmp_path):
    measured = slides.carried_out(["warp", "--help"], kill_at=(tmp_path, 1))
    assert measured["status"] == 0 and measured["cpu_seconds"] > 0
    (tmp_path / ".moved.tif-unfinished").mkdir()
    (tmp_path / ".moved.tif-unfinished" / "level_0_row_0_column_0.tif").touch()
    assert slides.carried_out(["warp", "--help"], kill_at=(tmp_path, 1))["status"] == -signal.SIGKILL
