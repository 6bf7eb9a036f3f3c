import numpy as np
import pytest
import tifffile
from skimage.color import rgb2gray

from dirv_tf.datasets.tissue_patches import PatchSettings, cut_patches

SETTINGS = PatchSettings(size=16, crop=40, seed=3)


def _section(path, rng, shape=(70, 50), dtype=np.uint8, channels=()):
    pixels = rng.integers(0, np.iinfo(dtype).max, (*shape, *channels)).astype(dtype)
    tifffile.imwrite(path, pixels, photometric="rgb" if channels else "minisblack", tile=(16, 16), compression="zlib")
    return pixels


def _slice(image, patch):
    return image[patch.row : patch.row + 16, patch.column : patch.column + 16].astype(np.float64)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("bits", [8, 16])
def test_patches_are_slices_of_the_middle_stretched_one_by_one(tmp_path, rng, dtype, bits):
    image = _section(tmp_path / "a.tif", rng, dtype=dtype) // 2
    tifffile.imwrite(tmp_path / "a.tif", image)
    patches = cut_patches(tmp_path / "a.tif", "a.tif", 60, PatchSettings(size=16, crop=40, bits=bits, seed=3))
    assert len(patches) == 60
    for patch in patches:
        expected = _slice(image, patch)
        assert patch.pixels.dtype == (np.uint8 if bits == 8 else np.uint16)
        high = 2**bits - 1
        stretched = high * (expected - expected.min()) / (expected.max() - expected.min())
        np.testing.assert_allclose(patch.pixels, stretched, atol=0.5001)
        assert (patch.pixels.min(), patch.pixels.max()) == (0, high)
        assert patch.deviation == pytest.approx(255 * expected.std() / np.iinfo(dtype).max)
    # The middle is rows 15 to 54 and columns 5 to 44.
    rows, columns = {patch.row for patch in patches}, {patch.column for patch in patches}
    assert (min(rows), max(rows)) == (15, 39) and (min(columns), max(columns)) == (5, 29)


def test_color_is_turned_into_gray(tmp_path, rng):
    gray = rgb2gray(_section(tmp_path / "a.tif", rng, channels=(3,)))
    for patch in cut_patches(tmp_path / "a.tif", "a.tif", 5, SETTINGS):
        expected = _slice(gray, patch)
        stretched = 255 * (expected - expected.min()) / (expected.max() - expected.min())
        np.testing.assert_allclose(patch.pixels, stretched, atol=0.501)


def test_small_images_are_taken_whole(tmp_path, rng):
    _section(tmp_path / "a.tif", rng, shape=(18, 17))
    places = {(patch.row, patch.column) for patch in cut_patches(tmp_path / "a.tif", "a.tif", 60, SETTINGS)}
    assert places == {(row, column) for row in range(3) for column in range(2)}


def test_patches_without_contrast_are_left_out(tmp_path, rng):
    image = rng.integers(200, 203, (40, 40)).astype(np.uint8)
    image[:, :12] = rng.integers(0, 255, (40, 12))
    tifffile.imwrite(tmp_path / "a.tif", image)
    everything, patches = (
        cut_patches(tmp_path / "a.tif", "a.tif", 40, PatchSettings(size=16, crop=40, least_deviation=least))
        for least in (0.0, 10.0)
    )
    contrast = [patch for patch in everything if _slice(image, patch).std() >= 10]
    assert 0 < len(contrast) < len(everything) == 40
    assert [(patch.row, patch.column) for patch in patches] == [(patch.row, patch.column) for patch in contrast]


def test_places_depend_on_the_seed_and_the_name(tmp_path, rng):
    _section(tmp_path / "a.tif", rng)

    def places(name, seed):
        settings = PatchSettings(size=16, crop=40, seed=seed)
        return [(patch.row, patch.column) for patch in cut_patches(tmp_path / "a.tif", name, 8, settings)]

    assert places("a.tif", 3) == places("a.tif", 3)
    assert places("a.tif", 3) != places("a.tif", 4)
    assert places("a.tif", 3) != places("b/a.tif", 3)


@pytest.mark.parametrize(
    "pixels, message",
    [
        (np.eye(40, dtype=np.float32), "Expected an image of 8 or 16 bit, unsigned. Received: dtype=float32"),
        (np.eye(40, dtype=np.int16), "Expected an image of 8 or 16 bit, unsigned. Received: dtype=int16"),
        (np.eye(15, 40, dtype=np.uint8), "Expected an image of at least 16 pixels a side. Received: 15 x 40"),
        (np.full((40, 40), 9, np.uint8), "Expected a patch whose standard deviation is at least 10 of 255"),
    ],
)
def test_images_that_cannot_be_used_are_errors(tmp_path, pixels, message):
    tifffile.imwrite(tmp_path / "a.tif", pixels)
    with pytest.raises(ValueError, match=message):
        cut_patches(tmp_path / "a.tif", "a.tif", 5, SETTINGS)


@pytest.mark.parametrize(
    "setting, value",
    [
        *[("size", 3), ("crop", 255), ("train_patches", 0), ("test_patches", 0), ("least_deviation", -1), ("bits", 12)],
        ("seed", -1),
    ],
)
def test_wrong_settings_are_errors_that_name_them(setting, value):
    with pytest.raises(ValueError, match=f"`{setting}` must be .*Received: {setting}="):
        PatchSettings(**{setting: value})
