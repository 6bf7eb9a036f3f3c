"""The shipped images are what data/README.md says: whole, licensed, small, gray, 8 bit."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

import numpy as np
import pytest

from dirv_tf.datasets.tissue_patches import PatchSettings
from dirv_tf.datasets.tissue_set import make_tissue_set
from dirv_tf.datasets.tissue_sources import tissue_sources
from dirv_tf.io import read_landmarks
from dirv_tf.io.image_files import read_image
from experiments.comparison.real.labeled_pair import labeled
from experiments.comparison.real.pair_table import read_real_pairs
from experiments.comparison.real.plain_pair import plain

DATA = Path(__file__).resolve().parents[2] / "data"
CHECKSUMS = dict(reversed(line.split(maxsplit=1)) for line in (DATA / "SHA256SUMS").read_text().splitlines())
SECTIONS = [name for name in CHECKSUMS if name.startswith("sections/")]
HIPPOCAMPUS = [name for name in CHECKSUMS if name.startswith("hippocampus/")]
LUNG_CT = [name for name in CHECKSUMS if name.startswith("lung_ct/")]
HISTOLOGY = [name for name in CHECKSUMS if name.startswith("histology/")]
LICENSES = {"CC0-1.0", "CIMA-lung", "MNI-ICBM152", "OpenSlide-test-data", "scikit-image-ihc"}


def test_every_file_is_in_the_checksum_list_and_the_readme():
    folders = [DATA / name for name in ("sections", "hippocampus", "histology", "lung_ct", "tissue", "volumes")]
    files = [path.relative_to(DATA) for folder in folders for path in folder.rglob("*") if path.is_file()]
    assert {str(path) for path in files} == set(CHECKSUMS)
    readme = (DATA / "README.md").read_text(encoding="utf-8")
    for file in files:
        together = f"`{file.parent}/*{file.suffix}`"
        assert f"`{file}`" in readme or together in readme
        assert f"| `{file.name}` |" in readme or f"| `{file}`" in readme or together in readme, f"no source of {file}"


@pytest.mark.parametrize("name", sorted(CHECKSUMS))
def test_file_has_its_checksum(name):
    assert hashlib.sha256((DATA / name).read_bytes()).hexdigest() == CHECKSUMS[name]


@pytest.mark.parametrize("name", SECTIONS)
def test_section_is_gray_8_bit_and_larger_than_a_patch(name):
    image = read_image(DATA / name)
    assert image.ndim == 2 and image.dtype == np.uint8
    assert min(image.shape) >= 400 and image.std() > 10


@pytest.mark.parametrize("name", sorted(set(CHECKSUMS).difference(SECTIONS, HISTOLOGY, HIPPOCAMPUS, LUNG_CT)))
def test_image_is_gray_8_bit_and_fills_its_range(name):
    image = read_image(DATA / name)
    assert image.shape == ((256, 256) if name.startswith("tissue") else (64, 64, 64))
    assert image.dtype == np.uint8
    assert (image.min(), image.max()) == (0, 255)
    assert image.std() > 30


def test_pairs_with_landmarks_are_all_pairs_of_two_tissues():
    pairs = read_real_pairs(DATA / "histology" / "pairs.csv")
    assert len(pairs) == len({pair.name for pair in pairs}) == 20
    for pair in pairs:
        assert pair.fixed.parent == pair.moving.parent and pair.fixed != pair.moving
        for image, landmarks in ((pair.fixed, pair.fixed_annotation), (pair.moving, pair.moving_annotation)):
            assert f"sections/{image.parent.name}/{image.name}" in SECTIONS
            assert f"{landmarks.parent.name}/{landmarks.stem}" == f"{image.parent.name}/{image.stem}"
            points = read_landmarks(landmarks, 2)
            assert len(points.names) == {"lung_lesion": 78, "lung_lobes": 98}[image.parent.name]
            assert (points.points >= 0).all() and (points.points < read_image(image).shape).all()
        assert pair.exclude == (("7",) if pair.fixed.parent.name == "lung_lobes" else ())
    assert "CC-BY-SA" in (DATA / "histology" / "ATTRIBUTION.md").read_text(encoding="utf-8")


def test_pairs_with_labels_are_all_pairs_of_six_people():
    pytest.importorskip("SimpleITK")
    pairs = read_real_pairs(DATA / "hippocampus" / "pairs.csv")
    assert len(pairs) == len({pair.name for pair in pairs}) == 30
    assert len({pair.fixed for pair in pairs}) == 6 and all(pair.fixed != pair.moving for pair in pairs)
    for pair in pairs:
        assert (pair.annotation, pair.exclude) == ("labels", ())
        assert pair.fixed_annotation == pair.fixed.parents[1] / "labels" / pair.fixed.name
    for pair in pairs[::5]:
        ready = labeled(pair)
        assert ready.fixed.shape == ready.fixed_labels.shape == (64, 64, 64)
        assert (ready.fixed.min(), ready.fixed.max()) == (0, 1)
        assert np.unique(ready.fixed_labels).tolist() == [0, 1, 2]
    assert "CC BY-SA 4.0" in (DATA / "hippocampus" / "ATTRIBUTION.md").read_text(encoding="utf-8")


def test_the_chest_is_one_pair_of_two_phases():
    pytest.importorskip("SimpleITK")
    (pair,) = read_real_pairs(DATA / "lung_ct" / "pairs.csv", images_alone=True)
    ready = plain(pair)
    assert ready.fixed.shape == ready.moving.shape == (64, 128, 128)
    assert 0 < np.abs(ready.fixed - ready.moving).mean() < 0.1
    assert "BSD-3-Clause" in (DATA / "lung_ct" / "ATTRIBUTION.md").read_text(encoding="utf-8")


def test_licenses_are_there():
    assert {path.stem for path in (DATA / "licenses").glob("*.txt")} == LICENSES
    assert "CC0 1.0 Universal" in (DATA / "licenses" / "CC0-1.0.txt").read_text()
    assert "above copyright" in (DATA / "licenses" / "MNI-ICBM152.txt").read_text().replace("\n", " ")


def test_files_are_small():
    def size(names):
        return sum((DATA / name).stat().st_size for name in names)

    assert size(set(CHECKSUMS).difference(SECTIONS, HISTOLOGY, HIPPOCAMPUS, LUNG_CT)) < 900_000
    assert size(SECTIONS) < 5_000_000
    assert size(HIPPOCAMPUS) < 600_000
    assert size(LUNG_CT) < 2_000_000


def test_volume_stands_upright():
    """Top of the head first and face first: the first pages and rows are emptier at the back of the neck's end."""
    volume = read_image(DATA / "volumes" / "brain_t1.tif").astype(float)
    widths = (volume > 50).sum(axis=(1, 2))
    # The brain stem, at the bottom, is the thinnest part that is not empty.
    assert 0 < widths[widths > 0][-1] < widths[widths > 0][:8].mean()


def test_make_cuts_every_section_and_parts_no_tissue(tmp_path):
    makefile = (DATA.parent / "Makefile").read_text(encoding="utf-8")
    named = re.search(r"tissue data/sections .*--test-tissues ([\w ]+)", makefile)[1].split()
    sources, empty = tissue_sources(DATA / "sections", test_tissues=named)
    manifest = make_tissue_set(sources, tmp_path, PatchSettings(train_patches=4, test_patches=4), strict=True)
    assert empty == [] and {f"sections/{entry['file']}" for entry in manifest["sources"]} == set(SECTIONS)
    parts = {(entry["tissue"], entry["part"]) for entry in manifest["sources"]}
    train = {(tissue, "train") for tissue in ("lung_lobes", "epithelium", "cells", "colon")}
    assert parts == train | {("lung_lesion", "test"), ("nuclei", "test")}
