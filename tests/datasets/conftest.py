"""Folders of small images."""

import numpy as np
import pytest
import tifffile


@pytest.fixture(scope="session")
def image_folder(tmp_path_factory):
    """Five 16-bit images in three folders, every pixel of every image with an intensity of its own."""
    folder = tmp_path_factory.mktemp("images")
    generator = np.random.default_rng(3)
    names = ("a.tif", "b.tif", "deep/c.tif", "deep/er/d.tif", "e.tif")
    for number, (name, shape) in enumerate(zip(names, [(24, 30), (20, 20), (40, 22), (26, 26), (21, 33)])):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        intensities = number * 2000 + generator.permutation(np.prod(shape)).reshape(shape)
        tifffile.imwrite(path, intensities.astype(np.uint16))
    (folder / "notes.txt").write_text("no image", encoding="utf-8")
    (folder / ".hidden.tif").write_text("no image", encoding="utf-8")
    return folder
