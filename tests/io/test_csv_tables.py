import pytest

from dirv_tf.io.csv_tables import read_csv_table


def _table(folder, text):
    path = folder / "table.csv"
    path.write_bytes(text.encode("utf-8"))
    return path


@pytest.mark.parametrize(
    "text",
    [
        "name,fixed\nä 1,\"x,y.png\"\n2,z.png\n",
        "\ufeffName; FIXED \r\n\r\nä 1;x,y.png\r\n;;\r\n2;z.png;;\r\n",
        "fixed\tname\nx,y.png\tä 1\nz.png\t2\n",
    ],
)
def test_tables_as_people_and_spreadsheets_write_them(tmp_path, text):
    table = read_csv_table(_table(tmp_path, text), ["fixed"], ["name"])
    assert [row for _, row in table.rows] == [{"name": "ä 1", "fixed": "x,y.png"}, {"name": "2", "fixed": "z.png"}]


def test_rows_know_their_line_and_may_end_early(tmp_path):
    table = read_csv_table(_table(tmp_path, "a,b,c\n\n1,2\n3,4,5\n"), ["a"])
    assert table.columns == ("a", "b", "c")
    assert table.rows == [(3, {"a": "1", "b": "2", "c": ""}), (4, {"a": "3", "b": "4", "c": "5"})]


def test_a_table_may_have_no_rows_where_that_is_said(tmp_path):
    table = read_csv_table(_table(tmp_path, "a,b\n"), ["a"], may_be_empty=True)
    assert table.columns == ("a", "b") and table.rows == []


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", r"expected the columns a, b in the first line.*Received: columns=\[\], without a, b"),
        ("a;c\n1;2\n", "without b"),
        ("a,b,a\n1,2,3\n", "every column once.*'a' twice"),
        ("a,b,labels\n1,2,3\n", "no columns but a, b, name. Received: column='labels'"),
        ("a,b\n1,2,3\n", "line 2: expected 2 cells as in the first line. Received: 3 cells"),
        ("a,b\n", "at least one row"),
        ("a,b\n\n,\n", "at least one row"),
    ],
)
def test_what_is_no_such_table_is_an_error(tmp_path, text, message):
    with pytest.raises(ValueError, match=message):
        read_csv_table(_table(tmp_path, text), ["a", "b"], ["name"])
