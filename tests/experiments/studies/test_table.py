import re

from experiments.studies.picture import study_figure
from experiments.studies.table import cells, differences, markdown, text_lines


def row(name, *measured, steps=500, day=2, cores=2):
    machine = {"date": f"2026-01-0{day}", "hardware": {"processor": "AMD EPYC", "cores": cores, "gpus": []}}
    keys = ("dl_int", "dl_dis", "dl_int_finest", "dl_dis_finest")
    more = {"what": f"The {name}", "seconds": 61.4, "steps": steps, "parameters": 28735, "record": f"members/{name}"}
    return {"name": name, **dict(zip(keys, measured)), **more, **machine}


RESULT = {
    "study": "tiny",
    "title": "A tiny study",
    "question": "Does it help?",
    "reference": "plain",
    "scale": "quick",
    "members": [
        row("plain", 70, 60, 90.0, 80.0),
        row("worse", 71, 61, 88.5, 80.25, day=4, cores=1),
        row("moved", 1, 2, 3, 4, steps=None),
    ],
    "missing": ["later"],
    "date": "2026-01-02T03:04:05+00:00",
    "versions": {"tensorflow": "2.15.1"},
}


def test_differences_are_of_the_finest_level_against_the_reference():
    assert differences(RESULT) == [(0.0, 0.0), (-1.5, 0.25), (-87.0, -76.0)]


def test_cells():
    expected = ["worse", "71.0", "61.0", "88.5", "80.2", "-1.5 / +0.2", "28,735", "500", "61 s"]
    assert cells(RESULT)[1] == expected
    assert cells(RESULT)[0][5] == "–" and cells(RESULT)[2][7] == "–"


def test_the_page_has_as_many_columns_in_every_row_and_says_where_it_was_measured():
    page = markdown(RESULT)
    widths = {len(line.split("|")) for line in page.splitlines() if line.startswith("|")}
    assert widths == {12}
    assert "2026-01-02 to 2026-01-04, 2 cores of AMD EPYC, no GPU; 1 core of AMD EPYC, no GPU; scale" in page
    assert "scale quick" in page and "| The worse |" in page
    assert page.endswith("Not run yet: later.\n")


def test_the_terminal_s_columns_are_aligned():
    lines = text_lines(RESULT)
    assert len({len(line) for line in lines}) == 1
    assert re.match(r"plain +70\.0 +60\.0", lines[1])


def test_the_picture_has_a_bar_per_member_and_figure():
    figure = study_figure(RESULT)
    assert [len(panel.patches) for panel in figure.axes] == [3, 3]
    assert sorted(bar.get_width() for bar in figure.axes[1].patches) == [4, 80.0, 80.25]
