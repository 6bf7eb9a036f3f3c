from __future__ import annotations

import numpy as np
import pytest

from dirv_tf import io


def landmarks_of(tmp_path, text, **options):
    (tmp_path / "points.csv").write_bytes(text.encode())
    return io.read_landmarks(tmp_path / "points.csv", **options)


@pytest.mark.parametrize(
    "text, names, points",
    [
        (",X,Y\n0,226,173\n1,256,171.5\n", ("0", "1"), [[173, 226], [171.5, 256]]),
        ("# ,X,Y\n7,226,173\n", ("7",), [[173, 226]]),
        ("\ufeffname; y ;x\r\n a b ; 1.5 ; 2e1 \r\n", ("a b",), [[1.5, 20]]),
        ("x\ty\tz\n1\t2\t3\n\n4\t5\t6\n", ("0", "1"), [[3, 2, 1], [6, 5, 4]]),
        ("Z,id,X,Y,weight\n3,tip,1,2,0.5\n", ("tip",), [[3, 2, 1]]),
        ('name,X,Y\n"a, ""b""",1,2\n', ('a, "b"',), [[2, 1]]),
    ],
)
def test_tables_of_many_kinds_are_read(tmp_path, text, names, points):
    landmarks = landmarks_of(tmp_path, text)
    assert landmarks.names == names
    np.testing.assert_array_equal(landmarks.points, points)


@pytest.mark.parametrize("rank", [2, 3])
def test_landmarks_come_back_exactly(tmp_path, rng, rank):
    names = ("0", "a, b", 'q"', "\u00e9", "two\r\nlines", "two\n# lines", "#7")
    points = rng.normal(0, 1e4, (7, rank)) / 3
    io.write_landmarks(tmp_path / "points.csv", io.Landmarks(names, points))
    read = io.read_landmarks(tmp_path / "points.csv", rank)
    assert read.names == names
    np.testing.assert_array_equal(read.points, points)
    assert (tmp_path / "points.csv").read_text(encoding="utf-8").splitlines()[0] == ("name,X,Y,Z" if rank == 3 else "name,X,Y")
    with pytest.raises(FileExistsError, match="overwrite=True"):
        io.write_landmarks(tmp_path / "points.csv", read)


@pytest.mark.parametrize(
    "text, message",
    [
        (",X\n0,1\n", "columns X and Y, each once.*Z for volumes.*line 1 of .*points.csv"),
        (",X,Y,x\n0,1,2,3\n", "each once.*line 1"),
        ("0,1,2\n1,3,4\n", r"header with the columns X and Y.*Received: the columns \['0', '1', '2'\]"),
        (",X,Y\n0,1,2\n1,2\n", "3 cells as in the first row in line 3.*Received: 2 cells"),
        (",X,Y\n0,1,2\n1,2,3,4\n", "3 cells as in the first row in line 3"),
        (",X,Y\n\n0,1,a\n", "finite number with a decimal point or comma in line 3.*'a'"),
        (",X,Y\n0,1,nan\n", "finite number.*line 2"),
        (",X,Y\n0,1,inf\n", "finite number.*line 2"),
        (";X;Y\n0;1.000,5;2\n", "decimal point or comma in line 2.*'1.000,5'"),
        (",X,Y\n0,,2\n", "finite number.*line 2.*''"),
        (",X,Y\na,1,2\na,3,4\n", "no other point has in line 3.*'a'"),
        (",X,Y\n,1,2\n", "no other point has in line 2.*''"),
        (",X,Y\n", "at least one point below the header"),
        (" \n", "header with the columns"),
    ],
)
def test_errors_name_the_line(tmp_path, text, message):
    with pytest.raises(ValueError, match=message):
        landmarks_of(tmp_path, text)


def test_other_files_and_ranks_are_refused(tmp_path):
    with pytest.raises(FileNotFoundError, match="a file of landmarks.*nothing.csv"):
        io.read_landmarks(tmp_path / "nothing.csv")
    with pytest.raises(ValueError, match="points.csv, which is empty"):
        landmarks_of(tmp_path, "")
    (tmp_path / "binary.csv").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ValueError, match="UTF-8.*binary.csv"):
        io.read_landmarks(tmp_path / "binary.csv")
    with pytest.raises(ValueError, match="coordinates X, Y, Z.*Received:.*with X, Y"):
        landmarks_of(tmp_path, ",X,Y\n0,1,2\n", rank=3)
    with pytest.raises(ValueError, match="coordinates X, Y. Received:.*with X, Y, Z"):
        landmarks_of(tmp_path, ",X,Y,Z\n0,1,2,3\n", rank=2)


@pytest.mark.parametrize(
    "names, points, message",
    [
        (("a",), [[1, 2], [3, 4]], "as many names"),
        ((), np.zeros((0, 2)), "one or more points"),
        (("a",), [[1, 2, 3, 4]], r"shape \(n, 2\)"),
        (("a",), [[1, np.nan]], "finite coordinates"),
        (("a", "a"), [[1, 2], [3, 4]], r"without doubles.*\['a'\]"),
        ((" a",), [[1, 2]], "spaces around"),
    ],
)
def test_impossible_landmarks_are_refused(names, points, message):
    with pytest.raises(ValueError, match=message):
        io.Landmarks(names, points)


def test_pairs_are_matched_by_name():
    fixed = io.Landmarks(("a", "b", "c"), [[1, 1], [2, 2], [3, 3]])
    moving = io.Landmarks(("d", "c", "a"), [[40, 40], [30, 30], [10, 10]])
    pairs = io.match_landmarks(fixed, moving)
    assert pairs.names == ("a", "c") and pairs.only_fixed == ("b",) and pairs.only_moving == ("d",)
    np.testing.assert_array_equal(10 * pairs.fixed_points, pairs.moving_points)
    for other in (io.Landmarks(("x",), [[1, 1]]), io.Landmarks(("a",), [[1, 1, 1]])):
        with pytest.raises(ValueError, match="at least one name in common"):
            io.match_landmarks(fixed, other)
