"""DICOM files and series, written by SimpleITK (GDCM)."""

from __future__ import annotations

import locale

import numpy as np
import pytest

from dirv_tf import io

simpleitk = pytest.importorskip("SimpleITK")

ONE, TWO = "1.2.826.0.1.3680043.2.1125.1", "1.2.826.0.1.3680043.2.1125.2"
OBLIQUE = (1.0, 0.0, 0.0, 0.0, 0.8, -0.6, 0.0, 0.6, 0.8)


@pytest.fixture(autouse=True)
def same_locale():
    """GDCM, when it writes, leaves the process with another locale."""
    before = locale.setlocale(locale.LC_ALL)
    yield
    locale.setlocale(locale.LC_ALL, before)


@pytest.fixture
def volume(rng):
    return rng.integers(-1000, 2000, (5, 6, 7)).astype(np.int16)


def as_image(volume):
    image = simpleitk.GetImageFromArray(volume)
    image.SetSpacing((0.5, 0.75, 2.5)), image.SetOrigin((10.0, -20.0, 5.0)), image.SetDirection(OBLIQUE)
    return image


def write_series(folder, volume, uid=ONE, left_out=(), moved=None, **tags):
    """Write one file per slice, with names in another order than the slices."""
    folder.mkdir(exist_ok=True)
    image, writer = as_image(volume), simpleitk.ImageFileWriter()
    writer.KeepOriginalImageUIDOn()
    for number in range(len(volume)):
        if number in left_out:
            continue
        slice_ = image[:, :, number]
        place = image.TransformIndexToPhysicalPoint((0, 0, number if moved is None else moved[number]))
        columns = np.reshape(OBLIQUE, (3, 3)).T
        entries = {
            "0008|0060": "MR", "0020|000d": "1.2.3", "0020|000e": uid, "0008|0018": f"{uid}.{number + 1}",
            "0008|103e": "T1 axial", "0020|0013": str(number), "0020|0032": "\\".join(map(str, place)),
            "0020|0037": "\\".join(map(str, (*columns[0], *columns[1]))), **tags,
        }
        for key, value in entries.items():
            slice_.SetMetaData(key, value)
        writer.SetFileName(str(folder / f"{uid[-1]}{3 * number % len(volume)}.dcm"))
        writer.Execute(slice_)
    return folder


def test_a_series_is_the_volume_with_its_geometry(tmp_path, volume, capfd):
    image = io.load_image(write_series(tmp_path / "series", volume))
    np.testing.assert_array_equal(image.pixels, volume)
    assert image.pixels.dtype == np.int16 and image.notes == () and image.path == tmp_path / "series"
    place = as_image(volume).TransformIndexToPhysicalPoint((6, 2, 4))
    np.testing.assert_allclose(image.geometry.to_world((4, 2, 6)), place, atol=1e-6)
    assert image.geometry.pixel_size == pytest.approx((2.5, 0.75, 0.5))
    assert capfd.readouterr() == ("", "")


def test_of_several_series_one_is_named_behind_the_folder(tmp_path, volume):
    folder = write_series(tmp_path / "study", volume)
    write_series(folder, volume + 1, TWO, **{"0008|103e": ""})
    with pytest.raises(ValueError, match=rf"FOLDER/UID. Received: no choice in .*study, which holds 2 series: {ONE} \(T1 axial, 5 files\); {TWO} \(5 files\)"):
        io.load_image(folder)
    np.testing.assert_array_equal(io.load_image(folder / TWO).pixels, volume + 1)
    np.testing.assert_array_equal(io.load_image(str(folder / ONE)).pixels, volume)
    with pytest.raises(ValueError, match="Received: the series 1.2.3 in .*study, which holds 2 series"):
        io.load_image(folder / "1.2.3")


@pytest.mark.parametrize(
    "options, off",
    [({"left_out": (2,)}, "4 slices up to 0.833 mm"), ({"moved": (0, 1, 2, 0, 1)}, ""), ({"moved": (0,) * 5}, "5 slices up to 0 mm")],
    ids=["one missing", "two times", "one place"],
)
def test_slices_that_form_no_volume_are_refused(tmp_path, volume, options, off, capfd):
    with pytest.raises(ValueError, match=f"even distances: none missing.*series with {off}"):
        io.load_image(write_series(tmp_path / "series", volume, **options))
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("length", [100, -10])
def test_a_damaged_slice_is_not_passed_over(tmp_path, volume, length):
    path = write_series(tmp_path / "series", volume) / "12.dcm"  # the last slice
    path.write_bytes(path.read_bytes()[:length])
    with pytest.raises(ValueError, match="DICOM files that can be read. Received: 12.dcm in|an image that can be read.*12.dcm"):
        io.load_image(tmp_path / "series")


def test_a_single_file_is_an_image_with_its_pixel_size(tmp_path, volume):
    folder = write_series(tmp_path / "series", volume)
    image = io.load_image(folder / "10.dcm")
    np.testing.assert_array_equal(image.pixels, volume[0])
    assert image.geometry == io.ImageGeometry.from_pixel_size((0.75, 0.5))
    assert image.notes == ("a single slice, whose place in the body is left aside",)
    stored = (folder / "10.dcm").read_bytes()
    (tmp_path / "b.DCM").write_bytes(stored.replace(b"MONOCHROME2 ", b"MONOCHROME1 "))
    inverted = io.load_image(tmp_path / "b.DCM")
    assert inverted.notes[0] == "inverted, since it is stored with white as 0 (MONOCHROME1)"
    assert np.corrcoef(inverted.pixels.ravel(), volume[0].ravel())[0, 1] == pytest.approx(-1)
    np.testing.assert_array_equal(np.diff(inverted.pixels.ravel()), -np.diff(volume[0].ravel()))


def test_frames_and_colors(tmp_path, rng):
    frames = rng.integers(0, 4000, (4, 6, 7)).astype(np.uint16)
    image = simpleitk.GetImageFromArray(frames)
    image.SetSpacing((0.5, 0.75, 2.5))
    simpleitk.WriteImage(image, str(tmp_path / "frames.dcm"))
    read = io.load_image(tmp_path / "frames.dcm")
    np.testing.assert_array_equal(read.pixels, frames)
    assert read.geometry.pixel_size == pytest.approx((2.5, 0.75, 0.5))
    colors = rng.integers(0, 256, (6, 7, 3), dtype=np.uint8)
    simpleitk.WriteImage(simpleitk.GetImageFromArray(colors, isVector=True), str(tmp_path / "color.dcm"))
    read = io.load_image(tmp_path / "color.dcm")
    assert read.is_color
    np.testing.assert_array_equal(read.pixels, colors)


def test_folders_without_a_series_are_named(tmp_path, capfd):
    (tmp_path / "notes.txt").write_text("x")
    with pytest.raises(ValueError, match="folder with the DICOM files of a series. Received: path=.*, which is a folder"):
        io.load_image(tmp_path)
    with pytest.raises(FileNotFoundError, match="1.2.3, which does not exist"):
        io.load_image(tmp_path / "1.2.3")
    assert capfd.readouterr() == ("", "")
