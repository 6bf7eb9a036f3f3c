from __future__ import annotations

import numpy as np
import pytest
import skimage.io
import tifffile

from dirv_tf.io.image_files import read_image


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("shape", [(5, 7), (4, 5, 7)])
def test_tiff_comes_back_as_written(tmp_path, dtype, shape):
    image = np.random.default_rng(0).integers(0, np.iinfo(dtype).max, shape, dtype=dtype, endpoint=True)
    tifffile.imwrite(tmp_path / "image.TIF", image, photometric="minisblack", compression="zlib")
    read = read_image(tmp_path / "image.TIF")
    assert read.dtype == dtype
    np.testing.assert_array_equal(read, image)


def test_png_comes_back_as_written(tmp_path):
    image = np.arange(35, dtype=np.uint16).reshape(5, 7) * 1000
    skimage.io.imsave(tmp_path / "image.png", image, check_contrast=False)
    np.testing.assert_array_equal(read_image(str(tmp_path / "image.png")), image)


def test_missing_file_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match="Expected an image file.*nothing.png"):
        read_image(tmp_path / "nothing.png")


@pytest.mark.parametrize("name", ["text.png", "text.tif"])
def test_file_that_is_no_image_is_named(tmp_path, name):
    (tmp_path / name).write_text("not an image")
    with pytest.raises(ValueError, match=f"Expected an image that can be read.*{name}"):
        read_image(tmp_path / name)
