import csv

import numpy as np
import pytest

from dirv_tf.io import write_image
from dirv_tf.models import DIRVNet
from dirv_tf.models.weight_files import save_weights_file


@pytest.fixture(scope="session")
def model(tmp_path_factory):
    """The folder of a small network, which registers in no time."""
    folder = tmp_path_factory.mktemp("model")
    save_weights_file(DIRVNet(rank=2, levels=1, units=1, experts=2, kernel_sizes=(3, 3), knots=4), folder)
    return folder


@pytest.fixture
def inside(tmp_path, monkeypatch, rng):
    """A working folder with the images 0.png to 4.png of 24 x 32 pixels."""
    monkeypatch.chdir(tmp_path)
    for number, pixels in enumerate(rng.integers(0, 256, (5, 24, 32)).astype(np.uint8)):
        write_image(f"{number}.png", pixels)
    return tmp_path


@pytest.fixture
def table(inside):
    """Four pairs, the second of which lacks an image."""
    names = {"one": "0.png,1.png", "two ä": "1.png,lost.png", "three": "2.png,3.png", "four": "3.png,4.png"}
    path = inside / "pairs.csv"
    path.write_text("name,fixed,moving\n" + "".join(f"{name},{files}\n" for name, files in names.items()), "utf-8")
    return path


@pytest.fixture
def read_table():
    """Rows of `pairs.csv` in a folder, by name."""

    def read(folder):
        with open(folder / "pairs.csv", encoding="utf-8", newline="") as stream:
            return {row["name"]: row for row in csv.DictReader(stream)}

    return read
