import os
from pathlib import Path

import pytest

from dirv_tf.registration.pairs.pair_files import PairFiles, is_name, read_pairs


def _table(folder, text):
    path = folder / "pairs.csv"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_table_names_the_files_of_every_pair(tmp_path):
    text = "moving;fixed;name;fixed_landmarks;moving_landmarks;moving_mask\n b.png ;a.png;left lung ä;a.csv;b.csv;\n"
    pairs = read_pairs(_table(tmp_path, f"{text}/data/d.png;c.png;;;;m.png\n"))
    assert pairs == [
        PairFiles("left lung ä", *(tmp_path / name for name in ("a.png", "b.png", "a.csv", "b.csv"))),
        PairFiles("0002", tmp_path / "c.png", Path("/data/d.png"), moving_mask=tmp_path / "m.png"),
    ]


def test_a_sequence_says_the_same(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    table = read_pairs(_table(tmp_path, "name,fixed,moving\nx,a.png,b.png\n,c.png,d.png\n"))
    assert read_pairs([{"name": "x", "fixed": "a.png", "moving": Path("b.png")}, ("c.png", "d.png")]) == table
    assert read_pairs([dict(zip(("fixed", "moving", "name"), ("a.png", "b.png", None)))])[0].name == "0001"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("fixed,name\na,b\n", "without moving"),
        ("fixed,moving,landmarks\na,b,c\n", "Received: column='landmarks'"),
        ("fixed,moving\n", "at least one row"),
        ("fixed,moving\na,b\nc,\n", "pairs.csv, line 3: expected the paths of fixed and moving. Received: moving=''"),
        ("fixed,moving,fixed_landmarks\na,b,c\n", "line 2: .*fixed_landmarks and moving_landmarks.*moving_landmarks=''"),
        ("fixed,moving,moving_labels\na,b,c\n", "line 2: .*fixed_labels and moving_labels. Received: fixed_labels=''"),
        ("fixed,moving,name\na,b,x\nc,d,y\ne,f,X\n", "line 4: expected a name that differs from that in .*line 2.*'X'"),
        ("fixed,moving,name\na,b,0002\nc,d,\n", "line 3: .*differs from .*line 2. Received: name='0002'"),
        ("fixed,moving,exclude\na,b,7\n", "line 2: expected landmarks, of which some do not count.*exclude='7'"),
        ("fixed,moving,name\na,b,../x\n", r"line 2: expected a name .*Received: name='\.\./x'"),
    ],
)
def test_a_malformed_table_is_refused_with_row_and_column(tmp_path, text, message):
    with pytest.raises(ValueError, match=message):
        read_pairs(_table(tmp_path, text))


@pytest.mark.parametrize(
    "name",
    [
        "../x", "..", ".", "", "/etc", "a/b", "a\\b", "c:", "a\nb", "a\0b", "-rf", "=1+1", "@sum", " x", "x ", "x.", ".pairs",
        "pairs.csv", "Index.html", "settings.json", "nul", "COM1.txt", "a" * 181, "ä" * 91, "\ud800", "a?", "a*",
    ],
)
def test_names_that_no_folder_should_have(name):
    assert not is_name(name)


@pytest.mark.parametrize("name", ["x", "left lung", "müller_07", "断片-3", "1 & 2", "<b>", "a.b", "x's (2)", "a" * 180])
def test_names_that_a_folder_can_have(tmp_path, name):
    assert is_name(name) == ("<" not in name)
    if is_name(name):
        (tmp_path / name).mkdir()
        assert os.listdir(tmp_path) == [name]


def test_two_ways_to_write_an_accent_are_one_name(tmp_path):
    with pytest.raises(ValueError, match="differs from that in pairs"):
        read_pairs([{"name": name, "fixed": "a", "moving": "b"} for name in ("caf\u00e9", "cafe\u0301")])


@pytest.mark.parametrize(
    ("pairs", "error", "message"),
    [
        ([], TypeError, "at least one mapping or pair"),
        (5, TypeError, "Received: pairs=5"),
        ([("a", "b", "c")], TypeError, r"pairs\[0\]: expected a mapping or a pair"),
        ([("a", 1)], TypeError, r"pairs\[0\]: expected a path. Received: moving=1"),
        ([{"fixed": "a", "moving": "b", "label": "c"}], ValueError, "Received: key='label'"),
        ([{"fixed": "a"}], ValueError, r"pairs\[0\]: expected the paths of fixed and moving"),
        ("none.csv", FileNotFoundError, "Received: path=none.csv"),
    ],
)
def test_what_is_no_list_of_pairs_is_refused(tmp_path, monkeypatch, pairs, error, message):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(error, match=message):
        read_pairs(pairs)
