"""One channel and one time of files that hold several."""

from __future__ import annotations

import logging

import numpy as np
import pytest
import tifffile
from PIL import Image

from dirv_tf import io

NAMES = ["DAPI", "FITC", "Cy5"]


@pytest.fixture
def five(rng):
    """Two times, three channels, four slices of 6 x 5 pixels."""
    return rng.integers(0, 60000, (2, 3, 4, 6, 5)).astype(np.uint16)


@pytest.fixture
def ome(tmp_path, five):
    path = tmp_path / "a.ome.tif"
    sizes = {"PhysicalSizeX": 0.25, "PhysicalSizeY": 0.5, "PhysicalSizeZ": 2.0}
    tifffile.imwrite(path, five, metadata={"axes": "TCZYX", "Channel": {"Name": NAMES}, **sizes})
    return path


@pytest.mark.parametrize("channel, number", [(1, 1), ("1", 1), ("FITC", 1), ("cy5", 2), (np.int64(0), 0)])
def test_a_channel_and_a_time_of_an_ome_tiff(ome, five, channel, number):
    image = io.load_image(ome, channel, time=1)
    np.testing.assert_array_equal(image.pixels, five[1, number])
    assert image.geometry.pixel_size == pytest.approx((2e-3, 5e-4, 2.5e-4)) and not image.is_color
    assert image.notes == (f"channel {number} ({NAMES[number]}) of 3 was taken", "time 1 of 2 was taken")


@pytest.mark.parametrize(
    "choice, message",
    [
        ({"time": 0}, r"choice of one channel of the image, by channel= or --channel: 0 \(DAPI\), 1 \(FITC\), 2 \(Cy5\). Received: no channel, path=.*a.ome.tif"),
        ({"channel": 0}, r"choice of one time of the image, by time= or --time: 0, 1. Received: no time"),
        ({"channel": 3, "time": 0}, "Received: channel=3"),
        ({"channel": -1, "time": 0}, "Received: channel=-1"),
        ({"channel": "GFP", "time": 0}, "Received: channel='GFP'"),
        ({"channel": True, "time": 0}, "Received: channel=True"),
        ({"channel": 0, "time": 2}, "Received: time=2"),
        ({"channel": 0, "time": 0.5}, "Received: time=0.5"),
    ],
)
def test_what_there_is_to_choose_is_listed(ome, choice, message):
    with pytest.raises(ValueError, match=message):
        io.load_image(ome, **choice)


def test_no_other_pages_are_decoded(tmp_path, five):
    path = tmp_path / "a.ome.tif"
    tifffile.imwrite(path, five, metadata={"axes": "TCZYX"}, compression="zlib")
    with tifffile.TiffFile(path) as tiff:
        offsets = [page.dataoffsets[0] for page in tiff.pages[:12]]
    content = bytearray(path.read_bytes())
    for offset in offsets:
        content[offset : offset + 4] = b"\xff" * 4
    path.write_bytes(content)
    np.testing.assert_array_equal(io.load_image(path, channel=2, time=1).pixels, five[1, 2])
    with pytest.raises(ValueError, match="Expected an image that can be read"):
        io.load_image(path, channel=2, time=0)


def test_hyperstacks_of_imagej(tmp_path, five):
    stack = np.moveaxis(five, 1, 2)
    tifffile.imwrite(tmp_path / "a.tif", stack, imagej=True, metadata={"axes": "TZCYX"})
    np.testing.assert_array_equal(io.load_image(tmp_path / "a.tif", 2, 0).pixels, five[0, 2])
    tifffile.imwrite(tmp_path / "b.tif", five[0, :, 0], imagej=True, metadata={"axes": "CYX"})
    image = io.load_image(tmp_path / "b.tif", 1)
    np.testing.assert_array_equal(image.pixels, five[0, 1, 0])
    assert image.geometry.rank == 2
    with pytest.raises(ValueError, match="one channel.*: 0, 1, 2. Received: no channel"):
        io.load_image(tmp_path / "b.tif")


def test_channels_as_samples_of_a_pixel(tmp_path, five, caplog):
    samples = np.moveaxis(five[0, :, 0], 0, -1)
    tifffile.imwrite(tmp_path / "a.tif", samples, photometric="minisblack", planarconfig="contig")
    with caplog.at_level(logging.ERROR):
        np.testing.assert_array_equal(io.load_image(tmp_path / "a.tif", 2).pixels, five[0, 2, 0])
    with pytest.raises(ValueError, match="one channel.*: 0, 1, 2"):
        io.load_image(tmp_path / "a.tif")


@pytest.mark.parametrize("name", ["a.png", "a.bmp", "a.tif", "a.npy"])
def test_one_color_is_a_channel(tmp_path, rng, name):
    colors = rng.integers(0, 256, (6, 5, 3), dtype=np.uint8)
    if name == "a.npy":
        np.save(tmp_path / name, colors)
    else:
        Image.fromarray(colors).save(tmp_path / name)
    for channel in (1, "green"):
        image = io.load_image(tmp_path / name, channel)
        assert not image.is_color and image.notes == ("channel 1 (green) of 3 was taken",)
        np.testing.assert_array_equal(image.pixels, colors[..., 1])
    with pytest.raises(ValueError, match=r"0 \(red\), 1 \(green\), 2 \(blue\). Received: channel='alpha'"):
        io.load_image(tmp_path / name, "alpha")


def test_a_single_image_has_channel_and_time_zero_alone(tmp_path, rng):
    gray = rng.integers(0, 256, (6, 5), dtype=np.uint8)
    Image.fromarray(gray).save(tmp_path / "a.png")
    image = io.load_image(tmp_path / "a.png", channel=0, time=0)
    np.testing.assert_array_equal(image.pixels, gray)
    assert image.notes == ()
    with pytest.raises(ValueError, match="one channel.*: 0. Received: channel=1"):
        io.load_image(tmp_path / "a.png", channel=1)


def test_many_times_are_not_listed_one_by_one(tmp_path):
    tifffile.imwrite(tmp_path / "a.tif", np.zeros((40, 4, 5), np.uint8), imagej=True, metadata={"axes": "TYX"})
    with pytest.raises(ValueError, match="--time: 0 to 39. Received"):
        io.load_image(tmp_path / "a.tif")


def test_further_axes_are_refused(tmp_path):
    tifffile.imwrite(tmp_path / "a.tif", np.zeros((2, 3, 4, 5), np.uint8), photometric="minisblack")
    with pytest.raises(ValueError, match="one page, or pages that form a volume.*axes ZYX.*a.tif with axes=QQYX"):
        io.load_image(tmp_path / "a.tif")


@pytest.mark.parametrize("suffix", [".nii.gz", ".nrrd", ".mha"])
def test_times_components_and_colors_of_volumes(tmp_path, rng, suffix):
    simpleitk = pytest.importorskip("SimpleITK")
    path = str(tmp_path / f"a{suffix}")

    def write(array, is_vector, spacing, origin):
        image = simpleitk.GetImageFromArray(array, isVector=is_vector)
        image.SetSpacing(spacing), image.SetOrigin(origin)
        simpleitk.WriteImage(image, path)

    times = rng.random((3, 4, 6, 5)).astype(np.float32)
    write(times, False, (0.5, 0.75, 2.0, 7.0), (1.0, 2.0, 3.0, 4.0))
    image = io.load_image(path, time=2)
    np.testing.assert_array_equal(image.pixels, times[2])
    assert image.geometry.is_close(io.ImageGeometry((1, 2, 3), ((0, 0, 0.5), (0, 0.75, 0), (2, 0, 0))))
    assert image.notes == ("time 2 of 3 was taken",)
    with pytest.raises(ValueError, match="choice of one time.*: 0, 1, 2. Received: no time"):
        io.load_image(path)
    write(times[:1], False, (0.5, 0.75, 2.0, 7.0), (1.0, 2.0, 3.0, 4.0))
    np.testing.assert_array_equal(io.load_image(path).pixels, times[0])
    components = np.moveaxis(times[:2], 0, -1)
    write(components, True, (0.5, 0.75, 2.0), (1.0, 2.0, 3.0))
    np.testing.assert_array_equal(io.load_image(path, channel=1).pixels, components[..., 1])
    with pytest.raises(ValueError, match="choice of one channel.*: 0, 1. Received: no channel"):
        io.load_image(path)
    for shape in ((4, 6, 5, 3), (6, 5, 4)):
        colors = rng.integers(0, 256, shape, dtype=np.uint8)
        write(colors, True, (0.5,) * (len(shape) - 1), (1.0,) * (len(shape) - 1))
        image = io.load_image(path)
        assert image.is_color and image.geometry.rank == len(shape) - 1
        np.testing.assert_array_equal(image.pixels, colors)
        np.testing.assert_array_equal(io.load_image(path, "blue").pixels, colors[..., 2])
