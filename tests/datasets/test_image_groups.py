import numpy as np
import pytest
import skimage.color
import skimage.io
import tifffile

from dirv_tf.datasets import image_groups
from dirv_tf.datasets.image_groups import ImageGroups


def _write(path, pixels, **options):
    if path.suffix == ".png":
        skimage.io.imsave(path, pixels, check_contrast=False)
    else:
        tifffile.imwrite(path, pixels, **options)
    return (path,)


@pytest.fixture
def ramp():
    return np.arange(20 * 24).reshape(20, 24)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.int16, np.float32, np.float64])
def test_intensities_are_those_of_the_file(tmp_path, ramp, dtype):
    pixels = (ramp // 2 + (0 if dtype == np.uint8 else 300)).astype(dtype)
    (image,) = ImageGroups([_write(tmp_path / "x.tif", pixels)]).read(0)
    assert image.dtype == np.float32
    np.testing.assert_array_equal(image, pixels)


def test_png_of_16_bits(tmp_path, ramp):
    images = ImageGroups([_write(tmp_path / "x.png", (ramp * 100).astype(np.uint16))])
    np.testing.assert_array_equal(images.read(0)[0], ramp * 100)


@pytest.mark.parametrize("channels", [3, 4])
def test_color_becomes_gray_and_transparency_is_dropped(tmp_path, channels):
    pixels = np.random.default_rng(0).integers(0, 256, (20, 24, channels)).astype(np.uint8)
    images = ImageGroups([_write(tmp_path / "x.png", pixels)])
    assert images.shape == (20, 24)
    np.testing.assert_allclose(images.read(0)[0] / 255, skimage.color.rgb2gray(pixels[..., :3]), atol=1e-5)


def test_volumes():
    images = ImageGroups([("data/volumes/brain_t1.tif",)], size=(16, 16, 16))
    np.testing.assert_array_equal(images.read(0)[0], tifffile.imread("data/volumes/brain_t1.tif"))
    with pytest.raises(ValueError, match=r"at least \(16, 16\) pixels. Received: shape=\(64, 64, 64\)"):
        ImageGroups([("data/volumes/brain_t1.tif",)], size=(16, 16))


def _bad_groups(folder, ramp):
    good = ramp.astype(np.float32)
    corrupt = folder / "corrupt.png"
    corrupt.write_bytes(b"\x89PNG\r\n\x1a\n not any more")
    infinite = good.copy()
    infinite[2, 3] = np.inf
    return {
        "corrupt.png": (corrupt,),
        "missing.tif": (folder / "missing.tif",),
        "even.tif": _write(folder / "even.tif", np.ones_like(good)),
        "infinite.tif": _write(folder / "infinite.tif", infinite),
        "small.tif": _write(folder / "small.tif", good[:7]),
        "volume.tif": _write(folder / "volume.tif", np.stack([good] * 9)),
        "other.tif": _write(folder / "fixed.tif", good) + _write(folder / "other.tif", good[:-1]),
    }


def test_files_that_cannot_be_used_are_named_with_the_reason(tmp_path, ramp):
    bad = _bad_groups(tmp_path, ramp)
    groups = [_write(tmp_path / "good.tif", ramp.astype(np.float32)), *bad.values()]
    with pytest.raises(ValueError, match="7 of 8 cannot be used") as raised:
        ImageGroups(groups, size=(8, 8))
    for name in bad:
        assert name in str(raised.value)
    for reason in ("even image of 1", "NaN or infinite", r"shape=(7, 24)", "one shape", "shape=(9, 20, 24)"):
        assert reason in str(raised.value)
    assert "good.tif" not in str(raised.value)


def test_files_that_cannot_be_used_can_be_left_out_with_a_warning(tmp_path, ramp):
    bad = _bad_groups(tmp_path, ramp)
    good = _write(tmp_path / "good.tif", ramp.astype(np.float32))
    with pytest.warns(UserWarning, match="Left out, 7 of 8 cannot be used: .*corrupt.png"):
        images = ImageGroups([*bad.values(), good], size=(8, 8), on_error="skip")
    assert images.files == (good,) and len(images) == 1
    with pytest.raises(ValueError, match="7 of 7 cannot be used"):
        ImageGroups(bad.values(), size=(8, 8), on_error="skip")


def test_whole_images_must_have_one_shape(image_folder):
    with pytest.raises(ValueError, match=r"1 of 2 cannot be used: .*b.tif: .*first one, \(24, 30\); give a `size`"):
        ImageGroups([(image_folder / "a.tif",), (image_folder / "b.tif",)])


def test_images_beyond_the_memory_limit_are_read_again(image_folder, monkeypatch):
    groups = [(image_folder / name,) for name in ("a.tif", "b.tif", "e.tif")]
    room = 4 * (24 * 30 + 20 * 20) / 2**30
    all_kept, some_kept = ImageGroups(groups, size=(8, 8)), ImageGroups(groups, size=(8, 8), memory_gib=room)
    read = []
    monkeypatch.setattr(image_groups, "_gray_image", lambda path, original=image_groups._gray_image: (
        read.append(path.name), original(path))[1])
    for number in range(3):
        np.testing.assert_array_equal(some_kept.read(number), all_kept.read(number))
    assert read == ["e.tif"]
