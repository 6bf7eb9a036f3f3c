"""Files that hold more, or something else, than one upright gray image: what of them is registered, and what is noted."""

from __future__ import annotations

import numpy as np
import pytest
import tifffile
from PIL import Image

from dirv_tf.io import ImageGeometry, load_image
from dirv_tf.registration import register


@pytest.fixture
def images(make_pair):
    return [(255 * image).astype(np.uint8) for image in make_pair((16, 20))]


@pytest.fixture
def channels(tmp_path, images):
    """The paths of two OME-TIFFs, which hold the images under one name in different places, beside noise."""
    noise = np.random.default_rng(3).integers(0, 256, (16, 20), dtype=np.uint8)
    paths = tmp_path / "fixed.ome.tif", tmp_path / "moving.ome.tif"
    for path, planes, names in (
        (paths[0], [images[0], noise], ["DAPI", "FITC"]),
        (paths[1], [noise, noise, images[1]], ["GFP", "Cy5", "DAPI"]),
    ):
        tifffile.imwrite(path, np.stack(planes), metadata={"axes": "CYX", "Channel": {"Name": names}})
    return paths


def test_a_photograph_is_registered_upright_and_saved_so(network_2d, tmp_path, images):
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(np.rot90(images[1])).save(tmp_path / "moving.png", exif=exif)
    result = register(images[0], tmp_path / "moving.png", model=network_2d)
    expected = register(*images, model=network_2d)
    np.testing.assert_array_equal(result.flow_field, expected.flow_field)
    assert result.notes == ("moving: turned upright by its EXIF orientation (6)",)
    saved = load_image(result.save(tmp_path / "result") / "registered.png")
    np.testing.assert_array_equal(saved.pixels, expected.registered)
    assert saved.notes == ()


@pytest.mark.parametrize("channel", ["DAPI", (0, 2), ["dapi", "2"]])
def test_one_channel_of_each_is_registered(network_2d, images, channels, channel):
    result = register(*channels, model=network_2d, channel=channel)
    np.testing.assert_array_equal(result.flow_field, register(*images, model=network_2d).flow_field)
    assert result.notes == (
        "fixed: channel 0 (DAPI) of 2 was taken",
        "moving: channel 2 (DAPI) of 3 was taken",
    )


def test_choices_that_are_missing_or_too_many(network_2d, images, channels):
    with pytest.raises(ValueError, match=r"one channel.*0 \(GFP\), 1 \(Cy5\), 2 \(DAPI\).*moving.ome.tif"):
        register(*channels, model=network_2d, channel=("DAPI", None))
    with pytest.raises(ValueError, match=r"0 \(DAPI\), 1 \(FITC\). Received: channel=2, path=.*fixed.ome.tif"):
        register(*channels, model=network_2d, channel=2)
    with pytest.raises(ValueError, match="one channel for both images, or two.*Received: channel=\\[0, 1, 2\\]"):
        register(*channels, model=network_2d, channel=[0, 1, 2])
    with pytest.raises(ValueError, match="for files alone.*Received: moving is an array, channel=0, time=None"):
        register(channels[0], images[1], model=network_2d, channel=0)
    result = register(channels[0], images[1], model=network_2d, channel=(0, None))
    np.testing.assert_array_equal(result.flow_field, register(*images, model=network_2d).flow_field)


def test_one_time_of_a_volume(network_3d, tmp_path, make_pair):
    simpleitk = pytest.importorskip("SimpleITK")
    pair = make_pair((9, 12, 10))
    for name, volumes in (("fixed", [pair[0]]), ("moving", [pair[0], pair[1]])):
        image = simpleitk.GetImageFromArray(np.stack(volumes), isVector=False)
        simpleitk.WriteImage(image, str(tmp_path / f"{name}.nii.gz"))
    paths = tmp_path / "fixed.nii.gz", tmp_path / "moving.nii.gz"
    result = register(*paths, model=network_3d, time=(None, 1))
    np.testing.assert_array_equal(result.flow_field, register(*pair, model=network_3d).flow_field)
    assert result.notes == ("moving: time 1 of 2 was taken",)
    with pytest.raises(ValueError, match="choice of one time.*: 0, 1. Received: no time.*moving.nii.gz"):
        register(*paths, model=network_3d)


def test_black_and_white_becomes_gray(network_2d, tmp_path, images):
    for name, image in zip(("fixed.png", "moving.tif"), images):
        Image.fromarray(image > 127).save(tmp_path / name)
    result = register(tmp_path / "fixed.png", tmp_path / "moving.tif", model=network_2d)
    grays = [np.where(image > 127, 255, 0).astype(np.uint8) for image in images]
    np.testing.assert_array_equal(result.flow_field, register(*grays, model=network_2d).flow_field)
    assert result.registered.dtype == np.uint8 and len(np.unique(result.registered)) > 2
    assert result.notes == ("fixed: 1 bit became 0 and 255", "moving: 1 bit became 0 and 255")


def test_arrays_of_numpy_come_back_as_such(network_2d, tmp_path, make_pair):
    pair = make_pair((16, 20))
    np.save(tmp_path / "moving.npy", pair[1])
    result = register(pair[0], tmp_path / "moving.npy", model=network_2d, pixel_size=0.5)
    folder = result.save(tmp_path / "result")
    np.testing.assert_array_equal(np.load(folder / "registered.npy"), result.registered)
    np.testing.assert_array_equal(result.flow_field, register(*pair, model=network_2d).flow_field)


def test_a_dicom_series_is_saved_with_its_geometry(network_3d, tmp_path, make_pair, monkeypatch):
    pytest.importorskip("SimpleITK")
    geometry = ImageGeometry((1.0, 2.0, 3.0), ((0.0, 0.0, 0.5), (0.0, 0.75, 0.0), (2.5, 0.0, 0.0)))
    pair = make_pair((9, 12, 10))
    (tmp_path / "study").mkdir()
    # How a series is read is tested with the reader.
    series = (pair[1], geometry, False, ("a note",))
    monkeypatch.setattr("dirv_tf.io.image_files.read_dicom_series", lambda path, channel, time: series)
    result = register(pair[0], tmp_path / "study", model=network_3d)
    assert result.notes == ("moving: a note",)
    saved = load_image(result.save(tmp_path / "result") / "registered.nrrd")
    np.testing.assert_array_equal(saved.pixels, result.registered)
    assert saved.geometry.is_close(geometry)
