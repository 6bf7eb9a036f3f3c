"""Landmarks as other programs write them; the files are written here by hand, byte by byte."""

from __future__ import annotations

import json

import numpy as np
import pytest

from dirv_tf import io

ROTATED = io.ImageGeometry((10.0, -20.0, 5.0), ((0.0, 0.6, -0.8), (0.0, 0.8, 0.6), (2.0, 0.0, 0.0)))


def read(tmp_path, name, text, **options):
    (tmp_path / name).write_bytes(text.encode() if isinstance(text, str) else text)
    return io.read_landmarks(tmp_path / name, **options)


@pytest.mark.parametrize(
    "name, text, names, points",
    [
        # ANHIR
        ("a.csv", ",X,Y\n0,226,173\n1,256,171\n", "01", [[173, 226], [171, 256]]),
        # ImageJ: Results with and without row numbers, saved as text and with Windows' line ends; Save As XY Coordinates
        ("a.csv", " ,Area,Mean,Min,Max,X,Y,Ch,Slice,Frame,Counter,Count\r\n1,0,84,84,84,3.5,9,1,1,1,0,2\r\n2,0,9,9,9,4,8,1,1,1,0,2\r\n",
         "12", [[9, 3.5], [8, 4]]),
        ("a.csv", "Area,Mean,Min,Max,X,Y\n0,84,84,84,3.5,9\n0,84,84,84,4,8\n", "01", [[9, 3.5], [8, 4]]),
        ("a.tsv", " \tLabel\tX\tY\n1\tslide.tif\t3.5\t9\n2\tslide.tif\t4\t8\n", "12", [[9, 3.5], [8, 4]]),
        ("a.txt", "3.5\t9\n4\t8\n", "01", [[9, 3.5], [8, 4]]),
        ("a.txt", "3,5;9\n4;8\n", "01", [[9, 3.5], [8, 4]]),
        # napari, array axes
        ("a.csv", "index,axis-0,axis-1\n0.0,9.25,3.5\n1.0,8.0,4.0\n", "01", [[9.25, 3.5], [8, 4]]),
        ("a.csv", "index,axis-0,axis-1,axis-2,kind\n0.0,1.0,2.0,3.0,tip\n", "0", [[1, 2, 3]]),
        # a spreadsheet with decimal commas, the mark of UTF-8, comments
        ("a.csv", "\ufeffname;X;Y\r\na;3,5;9\r\nb;4;8,25\r\n", "ab", [[9, 3.5], [8.25, 4]]),
        ("a.csv", "# traced, by hand; \"twice\n\n#\nname,X,Y\n# the left one\na,3.5,9\n#b,0,0\nc,4,8\n", "ac", [[9, 3.5], [8, 4]]),
        # NumPy's header, ANTs
        ("a.csv", "# X,Y\n3.5,9\n4,8\n", "01", [[9, 3.5], [8, 4]]),
        ("a.csv", "x,y,z,t,label\n3,2,1,0,7\n6,5,4,0,8\n", "78", [[1, 2, 3], [4, 5, 6]]),
    ],
)
def test_tables_of_programs(tmp_path, name, text, names, points):
    landmarks = read(tmp_path, name, text)
    assert landmarks.names == tuple(names)
    np.testing.assert_array_equal(landmarks.points, points)


QUPATH = """{"type": "FeatureCollection", "features": [
  {"type": "Feature", "id": "6a2", "geometry": {"type": "Point", "coordinates": [226.5, 173.5]},
   "properties": {"objectType": "annotation", "name": "tip", "classification": {"name": "Tumor", "color": [200, 0, 0]}}},
  {"type": "Feature", "id": "6a3", "geometry": {"type": "MultiPoint", "coordinates": [[10.5, 20.5], [30, 40]],
   "plane": {"c": -1, "z": 0, "t": 0}}, "properties": {"objectType": "annotation"}},
  {"type": "Feature", "geometry": {"type": "MultiPoint", "coordinates": [[1.5, 2.5], [3.5, 4.5]]},
   "properties": {"name": "row"}}]}"""


@pytest.mark.parametrize("name", ["a.geojson", "a.json"])
def test_points_of_qupath_count_from_the_corner(tmp_path, name):
    landmarks = read(tmp_path, name, QUPATH)
    assert landmarks.names == ("tip", "1", "2", "row 0", "row 1")
    np.testing.assert_array_equal(landmarks.points, [[173, 226], [20, 10], [39.5, 29.5], [2, 1], [4, 3]])
    features = json.loads(QUPATH)["features"]
    np.testing.assert_array_equal(read(tmp_path, name, json.dumps(features[1:])).points, landmarks.points[1:])
    np.testing.assert_array_equal(read(tmp_path, name, json.dumps(features[0])).points, landmarks.points[:1])
    io.write_landmarks(tmp_path / "b.geojson", landmarks)
    again = io.read_landmarks(tmp_path / "b.geojson")
    assert again.names == landmarks.names
    np.testing.assert_array_equal(again.points, landmarks.points)
    written = json.loads((tmp_path / "b.geojson").read_text(encoding="utf-8"))
    assert written["features"][0]["geometry"] == {"type": "Point", "coordinates": [226.5, 173.5]}


FCSV = """# Markups fiducial file version = 4.11
# CoordinateSystem = {system}
# columns = id,x,y,z,ow,ox,oy,oz,vis,sel,lock,label,desc,associatedNodeID
vtkMRMLMarkupsFiducialNode_0,{one},0,0,0,1,1,1,0,F-1,,vtkMRMLScalarVolumeNode1
2,{two},0,0,0,1,1,1,0,"b, left",,,2,0
3,0,0,0,0,0,0,1,1,1,0,F-3,,,0,0
"""
POINT = {"id": "1", "label": "F-1", "description": "", "orientation": [-1, 0, 0, 0, -1, 0, 0, 0, 1], "selected": True}


def slicer_file(kind, system, points):
    """The points (mm, LPS) as 3D Slicer writes them in a coordinate system."""
    signs = -1 if system in ("RAS", "0") else 1
    points = np.multiply(points, (signs, signs, 1)).tolist()
    if kind == ".fcsv":
        return FCSV.format(system=system, one=",".join(map(str, points[0])), two=",".join(map(str, points[1])))
    labels = ("F-1", "b, left")
    entries = [{**POINT, "label": label, "position": p, "positionStatus": "defined"} for label, p in zip(labels, points)]
    entries.append({**POINT, "label": "F-3", "position": [], "positionStatus": "undefined"})
    markup = {"type": "Fiducial", "coordinateSystem": system, "coordinateUnits": "mm", "controlPoints": entries}
    return json.dumps({"@schema": "https://raw.githubusercontent.com/", "markups": [markup]})


@pytest.mark.parametrize("kind, systems", [(".fcsv", ("LPS", "RAS", "0", "1")), (".mrk.json", ("LPS", "RAS"))])
def test_points_of_slicer_land_on_the_voxels_of_a_rotated_image(tmp_path, kind, systems):
    simpleitk = pytest.importorskip("SimpleITK")
    volume = np.zeros((5, 6, 7), np.uint8)
    volume[1, 2, 3], volume[4, 5, 0] = 1, 2
    io.write_image(tmp_path / "a.nii.gz", volume, ROTATED)
    image = simpleitk.ReadImage(str(tmp_path / "a.nii.gz"))
    places = [image.TransformIndexToPhysicalPoint(index) for index in ((3, 2, 1), (0, 5, 4))]
    geometry = io.load_image(tmp_path / "a.nii.gz").geometry
    for system in systems:
        landmarks = read(tmp_path, f"a{kind}", slicer_file(kind, system, places), geometry=geometry, rank=3)
        assert landmarks.names == ("F-1", "b, left")
        voxels = np.rint(landmarks.points).astype(int)
        np.testing.assert_allclose(landmarks.points, voxels, atol=1e-4)
        assert [volume[tuple(voxel)] for voxel in voxels] == [1, 2]
    with pytest.raises(ValueError, match="Expected the geometry.*load_image.*Received: geometry=None"):
        io.read_landmarks(tmp_path / f"a{kind}")
    with pytest.raises(ValueError, match="Expected no unit but mm.*Received: unit='pixel'"):
        io.read_landmarks(tmp_path / f"a{kind}", geometry=geometry, unit="pixel")
    io.write_landmarks(tmp_path / f"b{kind}", landmarks, geometry=geometry)
    again = io.read_landmarks(tmp_path / f"b{kind}", geometry=geometry)
    assert again.names == landmarks.names
    np.testing.assert_allclose(again.points, landmarks.points, atol=1e-9)
    assert ".mrk.json" in kind or "CoordinateSystem = LPS" in (tmp_path / f"b{kind}").read_text(encoding="utf-8")


@pytest.mark.parametrize("unit, scale", [("mm", 1), ("um", 1000)])
def test_tables_of_places_in_the_world(tmp_path, unit, scale):
    voxels = [[1, 2, 3], [4, 5, 0]]
    rows = [",".join(map(str, scale * place)) for place in ROTATED.to_world(voxels)]
    text = "\n".join(["x,y,z", *rows])
    landmarks = read(tmp_path, "a.csv", text, geometry=ROTATED, unit=unit)
    np.testing.assert_allclose(landmarks.points, voxels, atol=1e-9)
    io.write_landmarks(tmp_path / "b.csv", landmarks, geometry=ROTATED, unit=unit)
    np.testing.assert_allclose(io.read_landmarks(tmp_path / "b.csv", 3, ROTATED, unit).points, voxels, atol=1e-9)
    with pytest.raises(ValueError, match="Expected the geometry"):
        io.read_landmarks(tmp_path / "a.csv", unit=unit)
    with pytest.raises(ValueError, match="geometry of 3 axes"):
        io.read_landmarks(tmp_path / "a.csv", unit=unit, geometry=io.ImageGeometry.unit(2))
    with pytest.raises(ValueError, match="one of pixel, mm, um. Received: unit='inch'"):
        io.read_landmarks(tmp_path / "a.csv", unit="inch", geometry=ROTATED)


@pytest.mark.parametrize(
    "name, text, message",
    [
        ("a.fcsv", FCSV.format(system="IJK", one="1,2,3", two="4,5,6"), "LPS or RAS. Received: coordinate system 'IJK'"),
        ("a.fcsv", FCSV.format(system="LPS", one="1,2,x", two="4,5,6"), "finite number.*line 4 of .*a.fcsv.*'x'"),
        ("a.fcsv", FCSV.format(system="LPS", one="1,2", two="4,5,6"), "at least 14 cells in line 4.*Received: 13 cells"),
        ("a.fcsv", "# columns = id,x,y\n1,2,3\n", "columns id, x, y, z in .*a.fcsv"),
        ("a.fcsv", "# CoordinateSystem = LPS\n", "at least one landmark.*a.fcsv, which holds none"),
        ("a.mrk.json", '{"markups": [', "Expected a JSON file .*line 1 column.*a.mrk.json"),
        ("a.mrk.json", '{"markups": [{"type": "Line"}]}', "type Fiducial, in mm. Received: type='Line'.*a.mrk.json"),
        ("a.mrk.json", '{"markups": [{"type": "Fiducial", "coordinateUnits": "um"}]}', "coordinateUnits='um'"),
        ("a.mrk.json", '{"markups": [{"type": "Fiducial", "controlPoints": [{"position": [1, 2]}]}]}', "control point 1 in.*\\[1, 2\\]"),
        ("a.mrk.json", '{"markups": [{"type": "Fiducial", "controlPoints": [{"position": [1, 2, 3]}]}]}', "name.*control point 1"),
        ("a.json", "[1, 2]", "points alone.*object 1 of"),
        ("a.json", '{"markups": [3]}', "Expected GeoJSON, or markups of 3D Slicer.*a.json"),
        ("a.geojson", '{"type": "Feature", "geometry": {"type": "Polygon", "coordinates": [[1, 2]]}}', "export no other.*Polygon"),
        ("a.geojson", '{"type": "Feature", "geometry": {"type": "Point", "coordinates": [1, null]}}', "object 1 of.*None"),
        ("a.geojson", QUPATH.replace("row", "tip").replace('[1.5, 2.5], ', ""), "no other point has, of object 3"),
    ],
)
def test_what_cannot_be_read_is_named(tmp_path, name, text, message):
    with pytest.raises(ValueError, match=message):
        read(tmp_path, name, text, geometry=ROTATED)


def test_what_a_format_cannot_hold_is_refused(tmp_path):
    flat, deep = io.Landmarks("a", [[1, 2]]), io.Landmarks(["a\nb"], [[1, 2, 3]])
    for name, landmarks, message in (
        ("a.geojson", deep, "landmarks of 2 axes in a .geojson file; choose .csv"),
        ("a.mrk.json", flat, "landmarks of 3 axes in a .json file"),
        ("a.fcsv", deep, "names of one line.*choose .mrk.json"),
    ):
        with pytest.raises(ValueError, match=message):
            io.write_landmarks(tmp_path / name, landmarks, geometry=ROTATED)
    with pytest.raises(ValueError, match="Expected no unit but pixel"):
        io.write_landmarks(tmp_path / "a.geojson", flat, geometry=io.ImageGeometry.unit(2), unit="mm")
    assert not any(tmp_path.iterdir())
