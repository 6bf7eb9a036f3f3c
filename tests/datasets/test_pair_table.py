import pytest

from dirv_tf.datasets.pair_table import read_pair_table


def _table(folder, text):
    path = folder / "pairs.csv"
    path.write_bytes(text.encode("utf-8"))
    return path


@pytest.mark.parametrize(
    "text",
    [
        "fixed,moving\na.png,b/c.png\n/data/d.tif,e.tif\n",
        "fixed;moving\na.png;b/c.png\n/data/d.tif;e.tif\n",
        "\ufeffslide, Moving ,Fixed\r\n1,b/c.png, a.png\r\n2,e.tif,/data/d.tif\r\n",
    ],
)
def test_paths_are_relative_to_the_table(tmp_path, text):
    assert [(str(pair.fixed), str(pair.moving)) for pair in read_pair_table(_table(tmp_path, text))] == [
        (f"{tmp_path}/a.png", f"{tmp_path}/b/c.png"),
        ("/data/d.tif", f"{tmp_path}/e.tif"),
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "expected the columns fixed, moving"),
        ("fixed moving\na b\n", "expected the columns fixed, moving.*Received: columns="),
        ("fixed,moving\n", "at least one row"),
        ("fixed,moving\na,b\nc,\n", "pairs.csv, line 3: expected the paths of a fixed and a moving image"),
        ("fixed,moving,fixed_mask\na,b,c\nd,e\n", "line 3: expected fixed_mask of every pair"),
        ("fixed,moving,fixed_labels\na,b,c\n", "line 2: expected fixed_labels and moving_labels of every pair"),
        ("fixed,moving\na\n", "line 2: .*Received: {'fixed': 'a', 'moving': ''}"),
    ],
)
def test_what_is_no_table_of_pairs_is_an_error(tmp_path, text, message):
    with pytest.raises(ValueError, match=message):
        read_pair_table(_table(tmp_path, text))


def test_a_file_that_is_no_text_is_an_error(tmp_path):
    (tmp_path / "x.csv").write_bytes(b"\xff\xfe\x00fixed")
    with pytest.raises(ValueError, match="Expected a CSV file in UTF-8"):
        read_pair_table(tmp_path / "x.csv")


def test_a_missing_table_is_an_error(tmp_path):
    with pytest.raises(FileNotFoundError, match="Received: path="):
        read_pair_table(tmp_path / "none.csv")


def test_what_is_drawn_on_the_images_has_columns_of_its_own(tmp_path):
    text = "moving_labels,fixed,moving,note,fixed_labels\nl/2.png,a.png,b.png,x,l/1.png\n"
    (pair,) = read_pair_table(_table(tmp_path, text))
    assert pair.annotations == ("labels",)
    assert (pair.fixed_labels, pair.moving_labels) == (tmp_path / "l/1.png", tmp_path / "l/2.png")
    assert pair.fixed_mask is None and pair.fixed_landmarks is None
