"""Files that are meant to take memory or time, or to reach for other files: one kind of error, before any harm."""

import io
import json
import struct
import zipfile
import zlib

import numpy as np
import pytest
import tifffile

from dirv_tf.io import (
    ImageGeometry,
    UnreadableFileError,
    file_limits,
    load_image,
    read_flow_field,
    read_landmarks,
    write_flow_field,
    write_image,
)
from dirv_tf.io.array_archives import read_arrays
from dirv_tf.io.csv_tables import read_csv_table
from dirv_tf.io.file_paths import file_json, file_text
from dirv_tf.io.image_regions import image_size, read_region

SIDE = 99_999


def png(width, height):
    """A PNG of a few bytes that states any size."""
    parts = (
        (b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)),
        (b"IDAT", zlib.compress(b"\0" * 10)),
        (b"IEND", b""),
    )
    chunks = (struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in parts)
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


def npy(shape, dtype="<f8", data=b"\0\0"):
    stream = io.BytesIO()
    np.lib.format.write_array_header_1_0(stream, {"descr": dtype, "fortran_order": False, "shape": shape})
    return stream.getvalue() + data


def tiff(width, height):
    """A TIFF of one uncompressed strip: tag, type (3: short, 4: long), count, value."""
    entries = [(256, 4, 1, width), (257, 4, 1, height), (258, 3, 1, 8), (259, 3, 1, 1), (262, 3, 1, 1), (273, 4, 1, 8)]
    entries += [(277, 3, 1, 1), (278, 4, 1, height), (279, 4, 1, 2)]
    directory = struct.pack("<H", len(entries)) + b"".join(struct.pack("<HHII", *entry) for entry in entries)
    return b"II*\0" + struct.pack("<I", 10) + b"\0\0" + directory + b"\0\0\0\0"


def nifti(*sides):
    header = bytearray(352)
    struct.pack_into("<I", header, 0, 348)
    struct.pack_into("<8h", header, 40, len(sides), *sides, *[1] * (7 - len(sides)))
    struct.pack_into("<hh", header, 70, 16, 32)
    struct.pack_into("<8f", header, 76, *[1.0] * 8)
    struct.pack_into("<f", header, 108, 352.0)
    header[344:348] = b"n+1\0"
    return bytes(header) + b"\0\0"


NRRD = "NRRD0004\ntype: uchar\ndimension: 2\nsizes: {side} {side}\nencoding: {encoding}\n{more}\n"
META = "ObjectType = Image\nNDims = 2\nDimSize = {side} {side}\nElementType = MET_UCHAR\n{more}ElementDataFile = {file}\n"
LARGE = {
    "a.npy": npy((SIDE, SIDE)),
    "a.png": png(SIDE, SIDE),
    "b.png": png(13_000, 13_000),
    "a.tif": tiff(SIDE, SIDE),
    "a.nii": nifti(30_000, 30_000, 9),
    "a.nrrd": (NRRD.format(side=SIDE, encoding="raw", more="") + "xx").encode(),
    "b.nrrd": (NRRD.format(side=SIDE, encoding="gzip", more="") + "xx").encode(),
    "a.mha": (META.format(side=SIDE, more="", file="LOCAL") + "xx").encode(),
    "b.mha": (META.format(side=SIDE, more="CompressedData = True\n", file="LOCAL") + "xx").encode(),
}


@pytest.mark.parametrize("name", LARGE)
def test_stated_sizes_are_checked_before_memory_is_taken(tmp_path, monkeypatch, name):
    (tmp_path / name).write_bytes(LARGE[name])
    # Whatever is free on this machine: the length of the file is what refuses it.
    monkeypatch.setattr(file_limits, "free_memory", lambda: 2**60)
    with pytest.raises(UnreadableFileError, match=f"Received: path=.*{name}"):
        load_image(tmp_path / name)


def test_what_does_not_fit_into_the_free_memory_is_refused(tmp_path, monkeypatch):
    write_image(tmp_path / "a.npy", np.zeros((40, 50), np.uint8))
    monkeypatch.setattr(file_limits, "free_memory", lambda: 1999)
    with pytest.raises(UnreadableFileError, match="free memory, 1,999 bytes.*states 2,000 bytes"):
        load_image(tmp_path / "a.npy")
    monkeypatch.setattr(file_limits, "free_memory", lambda: 2000)
    assert load_image(tmp_path / "a.npy").pixels.shape == (40, 50)


def test_the_free_memory_of_a_machine_is_some_of_it():
    assert 2**20 < file_limits.free_memory() < 2**50


def test_archives_hold_what_they_state_and_no_objects(tmp_path):
    path = tmp_path / "a.npz"

    def write(content, name="flow_field.npy"):
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr(name, content)

    write(npy((SIDE, SIDE)))
    with pytest.raises(UnreadableFileError, match="in an entry of"):
        read_arrays(path)
    stream = io.BytesIO()
    np.save(stream, np.array([print], dtype=object), allow_pickle=True)
    write(stream.getvalue())
    with pytest.raises(UnreadableFileError, match="allow_pickle"):
        read_arrays(path)
    write(b"text", "../../outside.txt")
    with pytest.raises(UnreadableFileError, match="no array"):
        read_arrays(path)
    path.write_bytes(path.read_bytes()[:40])
    with pytest.raises(UnreadableFileError, match="BadZipFile"):
        read_arrays(path)


def test_a_field_of_wrong_entries_is_refused(tmp_path):
    path = tmp_path / "a.npz"
    write_flow_field(path, np.zeros((4, 5, 2)))
    arrays = dict(np.load(path))
    for changes in ({"moving_size": [4]}, {"moving_size": [4, -5]}, {"format": [1, 1]}, {"fixed_axes": np.zeros((2, 2))}):
        np.savez(path, **{**arrays, **changes})
        with pytest.raises(UnreadableFileError):
            read_flow_field(path)


@pytest.mark.parametrize("name", ["../other.raw", "/etc/hostname", "a/b.raw", "..", "%s%n.raw"])
def test_a_header_names_files_of_its_own_folder_alone(tmp_path, name):
    folder = tmp_path / "folder"
    (folder / "a").mkdir(parents=True)
    for place in (tmp_path / "other.raw", folder / "a" / "b.raw"):
        place.write_bytes(b"\0" * 16)
    headers = {
        "a.mhd": META.format(side=4, more="", file=name),
        "a.mha": META.format(side=4, more="", file=name),
        "l.mhd": META.format(side=4, more="", file=f"LIST\n{name}"),
        "a.nhdr": NRRD.format(side=4, encoding="raw", more=f"data file: {name}\n"),
        "a.nrrd": NRRD.format(side=4, encoding="raw", more=f"DATAFILE: {name}\n"),
        "l.nhdr": NRRD.format(side=4, encoding="raw", more=f"data file: LIST\n{name}"),
    }
    for header, text in headers.items():
        (folder / header).write_text(text, encoding="utf-8")
        with pytest.raises(UnreadableFileError, match="files in its own folder.*which names"):
            load_image(folder / header)


def test_headers_with_their_pixels_beside_them_are_read(tmp_path):
    (tmp_path / "pixels.raw").write_bytes(bytes(range(16)))
    (tmp_path / "a.mhd").write_text(META.format(side=4, more="", file="pixels.raw"), encoding="utf-8")
    (tmp_path / "a.nhdr").write_text(NRRD.format(side=4, encoding="raw", more="data file: pixels.raw\n"), encoding="utf-8")
    for name in ("a.mhd", "a.nhdr"):
        np.testing.assert_array_equal(load_image(tmp_path / name).pixels, np.arange(16).reshape(4, 4))
    (tmp_path / "pixels.raw").write_bytes(b"\0" * 15)
    for name in ("a.mhd", "a.nhdr"):
        with pytest.raises(UnreadableFileError, match="all 16 bytes.*of 15 bytes"):
            load_image(tmp_path / name)
    (tmp_path / "pixels.raw").unlink()
    for name in ("a.mhd", "a.nhdr"):
        with pytest.raises(UnreadableFileError, match="beside their header"):
            load_image(tmp_path / name)


@pytest.mark.parametrize(
    "name, text",
    [
        # Each of these ended the process, or never came back.
        ("a.nrrd", NRRD.format(side=4, encoding="raw", more=f"space: {'{a: ' * 2000}\n")),
        ("b.nrrd", NRRD.format(side=4, encoding="raw", more=f"space directions: (1,0) (0,{'1' * 5000})\n")),
        ("a.mha", META.format(side=4, more="", file="LOCAL").replace("NDims = 2", "NDims = -1")),
        ("b.mha", META.format(side=4, more="TransformMatrix = 1 0 1e308 1\n", file="LOCAL")),
    ],
)
def test_headers_that_the_library_below_cannot_stand(tmp_path, name, text):
    (tmp_path / name).write_bytes(text.encode() + bytes(range(16)))
    with pytest.raises(UnreadableFileError, match="in the header|axes"):
        load_image(tmp_path / name)


def test_a_dicom_file_does_not_take_what_its_elements_state(tmp_path):
    start = b"\0" * 128 + b"DICM" + struct.pack("<HH2sHI", 2, 0, b"UL", 4, 30)
    syntax = struct.pack("<HH2sH20s", 2, 0x10, b"UI", 20, b"1.2.840.10008.1.2.1\0")
    pixels = struct.pack("<HH2sHI", 0x7FE0, 0x10, b"OW", 0, 2**31)
    for content in (start + syntax + pixels, start + b"\2\0\20\0U\0\xff\xff"):
        (tmp_path / "a.dcm").write_bytes(content)
        with pytest.raises(UnreadableFileError, match="an element of 2,147,483,648 bytes|damaged beginning"):
            load_image(tmp_path / "a.dcm")


def test_no_other_format_hides_behind_the_name_of_a_picture(tmp_path):
    # Pillow reads PostScript by starting another program.
    (tmp_path / "a.png").write_bytes(b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n%%EndComments\nshowpage\n")
    with pytest.raises(UnreadableFileError, match="UnidentifiedImageError"):
        load_image(tmp_path / "a.png")


LANDMARKS = {
    "a.json": "[" * 100_000,
    "b.json": '{"markups": ' + "1" * 5000 + "}",
    "c.json": '{"markups": [{"type": ["Fiducial"], "coordinateUnits": {}}]}',
    "d.json": '{"markups": [{"type": "Fiducial", "coordinateSystem": [], "controlPoints": []}]}',
    "e.json": '{"markups": [{"type": "Fiducial", "controlPoints": [{"position": [1e400, 1, 2], "label": "a"}]}]}',
    "a.geojson": '{"features": [{"geometry": {"type": "Point", "coordinates": [' + "9" * 400 + ", 1]}}]}",
    "b.geojson": '{"features": 3}',
    "a.csv": "X,Y\n" + "1" * 200_000 + ",2\n",
    "b.csv": b"X,Y\n\xff\xfe,1\n",
    "a.fcsv": "# columns = x\n1\n",
    "b.fcsv": "# CoordinateSystem = " + " " * 200_000 + "9\n1,2,3,4\n",
}


@pytest.mark.parametrize("name", LANDMARKS)
def test_hostile_landmarks(tmp_path, name):
    content = LANDMARKS[name]
    (tmp_path / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(UnreadableFileError) as raised:
        read_landmarks(tmp_path / name, geometry=None if "geo" in name or "csv" in name else ImageGeometry.unit(3))
    assert len(str(raised.value)) < 2000


@pytest.mark.parametrize("suffix", [".csv", ".geojson"])
def test_many_landmarks_are_read(tmp_path, suffix):
    # In time proportional to their number: by comparing all with all this would take minutes.
    count = 100_000
    if suffix == ".csv":
        text = "name,X,Y\n" + "".join(f"p{number},{number},2\n" for number in range(count))
    else:
        text = json.dumps([{"geometry": {"type": "Point", "coordinates": [number, 2]}} for number in range(count)])
    (tmp_path / f"a{suffix}").write_text(text, encoding="utf-8")
    assert len(read_landmarks(tmp_path / f"a{suffix}").names) == count


def test_texts_are_read_up_to_a_limit(tmp_path):
    path = tmp_path / "a.json"
    path.write_text('{"a": 1}', encoding="utf-8")
    assert file_json(path) == {"a": 1} and file_text(path, "a text", 8) == '{"a": 1}'
    with pytest.raises(UnreadableFileError, match="a text of at most 7 bytes"):
        file_text(path, "a text", 7)
    path.write_text("a,a," * 20_000 + "\n1", encoding="utf-8")
    with pytest.raises(UnreadableFileError) as raised:
        read_csv_table(path, ("a",))
    assert len(str(raised.value)) < 2000


def test_pages_of_a_tiff_do_not_go_in_circles(tmp_path):
    path = tmp_path / "a.tif"
    content = bytearray(tiff(4, 4) + bytes(20))
    content[10 + 2 + 9 * 12 : 10 + 2 + 9 * 12 + 4] = struct.pack("<I", 10)
    path.write_bytes(content)
    for read in (load_image, image_size):
        with pytest.raises(UnreadableFileError, match="followed by itself"):
            read(path)


def test_metadata_of_a_tiff_have_no_entities(tmp_path):
    path = tmp_path / "a.ome.tif"
    text = '<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "x"><!ENTITY c "&b;&b;">]><OME>&c;</OME>'
    tifffile.imwrite(path, np.zeros((4, 5), np.uint8), description=text, metadata=None)
    with pytest.raises(UnreadableFileError, match="entities"):
        load_image(path)


def test_a_tiff_without_rows_and_one_whose_numbers_are_not_in_its_palette(tmp_path):
    path = tmp_path / "a.tif"
    path.write_bytes(tiff(4, 0))
    for read in (load_image, image_size):
        with pytest.raises(UnreadableFileError):
            read(path)
    palette = np.arange(3 * 256, dtype=np.uint16).reshape(3, 256) * 80
    tifffile.imwrite(path, np.full((4, 5), 200, np.uint8), photometric="palette", colormap=palette)
    assert read_region(path, (1, 1), (2, 2))[0].shape == (2, 2, 3)
    with tifffile.TiffFile(path, mode="r+b") as file:
        # A table of a single color.
        file.pages[0].tags["ColorMap"].overwrite(np.zeros(3, np.uint16))
    for read in (load_image, lambda path: read_region(path, (1, 1), (2, 2))):
        with pytest.raises(UnreadableFileError, match="IndexError"):
            read(path)


def test_a_palette_of_one_bit(tmp_path):
    path = tmp_path / "a.tif"
    bits = np.arange(16 * 16).reshape(16, 16) % 3 == 0
    colors = np.array([[10, 20], [30, 40], [50, 60]], np.uint16) << 8
    # The tag of the colors; tifffile writes no such images by itself.
    tifffile.imwrite(path, bits, photometric="minisblack", extratags=[(320, 3, 6, colors.ravel().tolist(), True)])
    with tifffile.TiffFile(path, mode="r+b") as file:
        file.pages[0].tags["PhotometricInterpretation"].overwrite(3)
    expected = np.where(bits[..., None], [20, 40, 60], [10, 30, 50])
    np.testing.assert_array_equal(load_image(path).pixels, expected)
    np.testing.assert_array_equal(read_region(path, (2, 3), (4, 5))[0], expected[2:6, 3:8])
