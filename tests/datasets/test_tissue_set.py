"""The set on the disk: its record, its resumption, and images that cannot be used."""

import csv
import dataclasses
import hashlib
import json
import shutil

import numpy as np
import pytest
import tifffile

from dirv_tf.datasets import tissue_set
from dirv_tf.datasets.tissue_patches import PatchSettings
from dirv_tf.datasets.tissue_set import make_tissue_set
from dirv_tf.datasets.tissue_sources import tissue_sources
from dirv_tf.io.image_files import read_image

SETTINGS = PatchSettings(size=16, crop=40, train_patches=4, test_patches=2)
NAMES = ("colon/a.tif", "colon/deep/a.tif", "lung/b.tif", "skin/c.tif")


@pytest.fixture
def sections(tmp_path, rng):
    for name in NAMES:
        path = tmp_path / "sections" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        tifffile.imwrite(path, rng.integers(0, 255, (48, 44)).astype(np.uint8))
    return tmp_path / "sections"


def _make(sections, folder, **arguments):
    sources, _ = tissue_sources(sections, test_tissues=["lung"])
    return make_tissue_set(sources, folder, SETTINGS, **arguments)


def _contents(folder):
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_patches_and_their_record(sections, tmp_path):
    manifest = _make(sections, tmp_path / "set")
    assert json.loads((tmp_path / "set" / "manifest.json").read_text(encoding="utf-8")) == manifest
    assert manifest["settings"] == dataclasses.asdict(SETTINGS)
    assert [entry["file"] for entry in manifest["sources"]] == list(NAMES)
    parts = [(entry["part"], len(entry["patches"])) for entry in manifest["sources"]]
    assert parts == [("train", 4), ("train", 4), ("test", 2), ("train", 4)]
    with open(tmp_path / "set" / "manifest.csv", encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    listed = {row["file"] for row in rows}
    assert listed == set(_contents(tmp_path / "set")) - {"manifest.json", "manifest.csv"} and len(rows) == 14
    for row in rows:
        patch, image = read_image(tmp_path / "set" / row["file"]), read_image(sections / row["source"])
        part = image[int(row["row"]) :][:16, int(row["column"]) :][:, :16].astype(float)
        np.testing.assert_allclose(patch, 255 * (part - part.min()) / (part.max() - part.min()), atol=0.5001)
        assert row["file"].startswith(f"{row['part']}/{row['tissue']}/")
        assert row["sha256"] == hashlib.sha256((tmp_path / "set" / row["file"]).read_bytes()).hexdigest()
        assert row["source_sha256"] == hashlib.sha256((sections / row["source"]).read_bytes()).hexdigest()


@pytest.mark.parametrize("reached", range(4))
def test_an_interrupted_set_is_continued_to_the_same_bytes(sections, tmp_path, monkeypatch, reached):
    _make(sections, tmp_path / "whole")
    cut, cut_names = tissue_set.cut_patches, []

    def counted(path, name, *arguments):
        cut_names.append(name)
        return cut(path, name, *arguments)

    def interrupted(*arguments):
        if len(cut_names) == reached:
            raise KeyboardInterrupt
        return counted(*arguments)

    monkeypatch.setattr(tissue_set, "cut_patches", interrupted)
    with pytest.raises(KeyboardInterrupt):
        _make(sections, tmp_path / "set")
    monkeypatch.setattr(tissue_set, "cut_patches", counted)
    _make(sections, tmp_path / "set")
    assert _contents(tmp_path / "set") == _contents(tmp_path / "whole")
    # Nothing was cut twice.
    assert sorted(cut_names) == sorted(NAMES)


def test_damaged_and_missing_patches_are_made_again(sections, tmp_path):
    _make(sections, tmp_path / "set")
    whole = _contents(tmp_path / "set")
    patches = sorted((tmp_path / "set" / "train").rglob("*.png"))
    patches[0].write_bytes(b"damaged")
    patches[-1].unlink()
    _make(sections, tmp_path / "set")
    assert _contents(tmp_path / "set") == whole


def test_the_set_follows_its_images(sections, tmp_path):
    """An image that has changed is cut again; the patches of one that has gone go with it."""
    _make(sections, tmp_path / "set")
    shutil.copy(sections / "skin" / "c.tif", sections / "colon" / "a.tif")
    (sections / "colon" / "deep" / "a.tif").unlink()
    _make(sections, tmp_path / "set")
    _make(sections, tmp_path / "new")
    assert _contents(tmp_path / "set") == _contents(tmp_path / "new")


def test_an_image_that_changes_sides_takes_its_patches_along(sections, tmp_path):
    _make(sections, tmp_path / "set")
    sources, _ = tissue_sources(sections, test_tissues=["skin"])
    make_tissue_set(sources, tmp_path / "set", SETTINGS)
    make_tissue_set(sources, tmp_path / "new", SETTINGS)
    assert _contents(tmp_path / "set") == _contents(tmp_path / "new")


def _spoil(sections):
    whole = (sections / "skin" / "c.tif").read_bytes()
    (sections / "skin" / "cut.tif").write_bytes(whole[:-700])
    (sections / "skin" / "empty.png").write_bytes(b"")
    (sections / "skin" / "text.jpg").write_text("no image")
    tifffile.imwrite(sections / "skin" / "float.tif", np.eye(48, dtype=np.float32))
    return {"skin/cut.tif", "skin/empty.png", "skin/text.jpg", "skin/float.tif"}


def test_images_that_cannot_be_used_are_left_out_by_name(sections, tmp_path):
    bad = _spoil(sections)
    manifest = _make(sections, tmp_path / "set")
    assert {entry["file"] for entry in manifest["left_out"]} == bad
    reasons = {entry["file"]: entry["reason"] for entry in manifest["left_out"]}
    assert "8 or 16 bit" in reasons["skin/float.tif"] and "empty" in reasons["skin/empty.png"]
    assert [entry["file"] for entry in manifest["sources"]] == list(NAMES)


def test_an_image_that_can_no_longer_be_used_takes_its_patches_along(sections, tmp_path):
    _make(sections, tmp_path / "set")
    (sections / "skin" / "c.tif").write_bytes(b"")
    manifest = _make(sections, tmp_path / "set")
    assert [entry["file"] for entry in manifest["left_out"]] == ["skin/c.tif"]
    assert not list((tmp_path / "set").rglob("skin/*.png"))


def test_strict_refuses_them(sections, tmp_path):
    bad = _spoil(sections)
    with pytest.raises(ValueError, match="skin/(cut|empty|text|float)") as raised:
        _make(sections, tmp_path / "set", strict=True)
    assert any(name in str(raised.value) for name in bad)


def test_progress_counts_the_images(sections, tmp_path):
    seen = []
    _make(sections, tmp_path / "set", progress=lambda *arguments: seen.append(arguments))
    assert seen == [(done, 4, name) for done, name in enumerate(NAMES)]


def test_folders_of_something_else_are_refused(sections, tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "letter.txt").write_text("mine")
    with pytest.raises(ValueError, match="Expected a new folder, or one with a manifest.json.*Received: folder="):
        _make(sections, tmp_path / "mine")
    _make(sections, tmp_path / "set")
    sources, _ = tissue_sources(sections, test_tissues=["lung"])
    with pytest.raises(ValueError, match="Expected the settings that the set.*'seed': 42.*Received: .*'seed': 5"):
        make_tissue_set(sources, tmp_path / "set", PatchSettings(size=16, crop=40, seed=5))
    (tmp_path / "set" / "manifest.json").write_text("{", encoding="utf-8")
    with pytest.raises(ValueError, match="Expected a readable manifest.*Received: .*manifest.json"):
        _make(sections, tmp_path / "set")
