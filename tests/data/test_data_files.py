"""The shipped images are what data/README.md says: whole, licensed, small, grey, 8 bit."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pytest

from dirv_tf.io.image_files import read_image

DATA = Path(__file__).resolve().parents[2] / "data"
CHECKSUMS = dict(reversed(line.split(maxsplit=1)) for line in (DATA / "SHA256SUMS").read_text().splitlines())
LICENCES = {"CC0-1.0.txt", "MNI-ICBM152.txt", "OpenSlide-test-data.txt", "scikit-image-ihc.txt"}


def test_every_image_is_in_the_checksum_list_and_the_readme():
    images = {str(path.relative_to(DATA)) for folder in ("tissue", "volumes") for path in (DATA / folder).iterdir()}
    assert images == set(CHECKSUMS)
    readme = (DATA / "README.md").read_text(encoding="utf-8")
    for image in images:
        assert f"`{image}`" in readme
        assert f"| `{Path(image).name}` |" in readme, f"the sources in data/README.md lack {image}"


@pytest.mark.parametrize("name", sorted(CHECKSUMS))
def test_file_has_its_checksum(name):
    assert hashlib.sha256((DATA / name).read_bytes()).hexdigest() == CHECKSUMS[name]


@pytest.mark.parametrize("name", sorted(CHECKSUMS))
def test_image_is_grey_8_bit_and_fills_its_range(name):
    image = read_image(DATA / name)
    assert image.shape == ((256, 256) if name.startswith("tissue") else (64, 64, 64))
    assert image.dtype == np.uint8
    assert (image.min(), image.max()) == (0, 255)
    assert image.std() > 30


def test_licences_are_there():
    assert {path.name for path in (DATA / "licences").iterdir()} == LICENCES
    assert "CC0 1.0 Universal" in (DATA / "licences" / "CC0-1.0.txt").read_text()
    assert "above copyright" in (DATA / "licences" / "MNI-ICBM152.txt").read_text().replace("\n", " ")


def test_folder_is_small():
    assert sum(path.stat().st_size for path in DATA.rglob("*") if path.is_file()) < 900_000


def test_volume_stands_upright():
    """Top of the head first and face first: the first pages and rows are emptier at the back of the neck's end."""
    volume = read_image(DATA / "volumes" / "brain_t1.tif").astype(float)
    widths = (volume > 50).sum(axis=(1, 2))
    # The brain stem, at the bottom, is the thinnest part that is not empty.
    assert 0 < widths[widths > 0][-1] < widths[widths > 0][:8].mean()
