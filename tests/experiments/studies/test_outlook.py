"""What the page says about the thesis's outlook is what its study measured."""

import json
from pathlib import Path

import pytest

from experiments.studies.page import FOLDER
from experiments.studies.study import read_study

ROOT = Path(__file__).parents[3]
SEEDS = ("", "-43", "-44")
RECORD = json.loads((FOLDER / "outlook.json").read_text(encoding="utf-8"))
ROWS = {row["name"]: row for row in RECORD["members"]}
AGAINST = {member.name: member.against or RECORD["reference"] for member in read_study("outlook").members}


def gains(name, key="dl_dis_finest"):
    """By how many points a member is above the one that it is compared with, seed by seed."""
    return [ROWS[name + seed][key] - ROWS[AGAINST[name] + seed][key] for seed in SEEDS]


def mean(name, key="dl_dis_finest"):
    return sum(gains(name, key)) / 3


@pytest.fixture(scope="module")
def text():
    page = (ROOT / "docs" / "ablations.md").read_text(encoding="utf-8")
    section = page.split("## The thesis's outlook")[1].split("\n## ")[0]
    return " ".join(section.split("<!-- outlook: end -->")[1].split())


def test_nothing_is_missing():
    assert not RECORD["missing"] and len(ROWS) == len(AGAINST)


def test_what_every_seed_agrees_on(text):
    for name, sign in (
        ("separate-levels", 1), ("separate-then-joined", 1), ("tissue-deformed-first", 1), ("every-unit-of-two", 1),
        ("border-filters-of-two", 1), ("more-regularizer-experts", 1), ("more-regularizer-experts-of-two", 1),
        ("more-data-experts", -1), ("more-data-experts-of-two", -1), ("fewer-coarse-units", -1),
        ("spread-in-the-loss-of-two", -1), ("fields-then-images", -1), ("fields-then-images-of-two", -1),
        ("images-then-fields-of-two", -1),
    ):  # fmt: skip
        assert all(sign * gain > 0 for gain in gains(name)), name
    for name in ("fields-then-images", "fields-then-images-of-two"):
        assert min(gains(name, "dl_int_finest")) > 0, name
    for name in ("spread-in-the-loss", "spread-in-the-loss-of-two"):
        assert max(gains(name, "dl_int_finest")) < 0, name
    for name in ("spread-in-the-loss", "images-then-fields"):
        assert max(gains(name)) >= 0, name


def test_the_numbers_of_the_text_are_those_of_the_record(text):
    def both(name, key="dl_dis_finest"):
        return tuple(f"{abs(mean(each, key)):.1f}" for each in (name, f"{name}-of-two"))

    apart, (intensities, fields) = (
        [f"{mean(name, key):.1f}" for key in ("dl_int_finest", "dl_dis_finest")]
        for name in ("separate-levels", "tissue-deformed-first")
    )
    assert "bring {} points of ΔL_int and {} of ΔL_dis".format(*apart) in text
    assert f"then together bring {mean('separate-then-joined'):.1f} of ΔL_dis" in text
    assert f"whole images gain {fields} points of ΔL_dis and {intensities} of ΔL_int" in text
    for words, name in {
        "in the regularizer bring": "more-regularizer-experts", "in the data term cost": "more-data-experts",
        "without true fields at the end costs": "fields-then-images",
    }.items():  # fmt: skip
        assert "{} {} points on one level and {} on two".format(words, *both(name)) in text
    assert "and brings {} and {} of ΔL_int".format(*both("fields-then-images", "dl_int_finest")) in text
    assert "without them at the start {} and {},".format(*both("images-then-fields")) in text
    spread = (*both("spread-in-the-loss"), *both("spread-in-the-loss", "dl_int_finest"))
    said = "in the loss costs {} and {} points of ΔL_dis, on one level not with every seed, and {} and {} of ΔL_int"
    assert said.format(*spread) in text
    assert f"in place of seven cost {-mean('fewer-coarse-units'):.1f} points" in text
    assert f"every unit in the loss brings {mean('every-unit-of-two'):.1f} points of ΔL_dis" in text
    assert f"with twice the parameters {mean('border-filters-of-two'):.1f}." in text


def test_the_page_about_own_images_says_what_deforming_first_brings():
    page = " ".join((ROOT / "docs" / "own_images.md").read_text(encoding="utf-8").split())
    assert f"on tissue removed {mean('tissue-deformed-first'):.0f} points more of the fields' error" in page


def test_what_seeds_do_not_agree_on():
    for name in ("every-unit", "sixteen-bits", "sixteen-bits-of-two", "border-filters", "linear-upsampling-of-two"):
        assert min(gains(name)) < 0 < max(gains(name)), name


def test_the_sizes_are_those_that_the_text_compares(text):
    sizes = {name: row["parameters"] for name, row in ROWS.items()}
    page = (ROOT / "docs" / "ablations.md").read_text(encoding="utf-8")
    assert "other numbers of experts have 5 % more or fewer parameters" in " ".join(page.split())
    for name, share in (
        ("more-data-experts", 0.95), ("more-regularizer-experts", 1.05), ("fewer-coarse-units", 0.71),
        ("border-filters", 2.0), ("border-filters-of-two", 2.0),
    ):  # fmt: skip
        assert sizes[name] / sizes[AGAINST[name]] == pytest.approx(share, abs=0.005), name
