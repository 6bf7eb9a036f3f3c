"""A document in both forms: order, links, tables, captions."""

import re

import numpy as np
import pytest

from dirv_tf.report.document import Document, Section, Table, anchor, picture, picture_names
from dirv_tf.report.html_text import html_text
from dirv_tf.report.markdown_text import markdown_text


@pytest.fixture
def document():
    rows = [{"run": "A | B", "figure": "1.0", "never": ""}, {"run": "C", "figure": "not run", "never": ""}]
    dot = picture("A dot & more", "See the <dot>.", np.zeros((3, 5, 3), np.uint8))
    inner = Section("Inner part", [dot, "A sentence with <brackets>."])
    sections = [Section("First: ψ²", [Table(rows, "How to read.")]), Section("Outer", [inner])]
    return Document("Title", "Introduction.", sections)


def test_anchors_hold_letters_and_digits():
    assert anchor("Run A-6 (quick): ΔL, 64²") == "run-a-6-quick-δl-64²"


def test_every_entry_of_the_contents_leads_somewhere(document):
    page = html_text(document, picture_names(document))
    links = re.findall(r'href="#(.*?)"', page)
    assert links == ["first-ψ²", "outer", "inner-part"] == re.findall(r'<section id="(.*?)"', page)
    text = markdown_text(document, picture_names(document))
    assert re.findall(r"\]\(#(.*?)\)", text) == links == re.findall(r'<a id="(.*?)">', text)
    assert re.findall(r"^(#+) (.*)$", text, re.MULTILINE) == [
        ("#", "Title"), ("##", "First: ψ²"), ("##", "Outer"), ("###", "Inner part")
    ]


def test_tables_leave_out_empty_columns_and_mark_what_waits(document):
    page = html_text(document, picture_names(document))
    assert "never" not in page and page.count("<th>") == 2
    (waiting,) = re.findall(r"<tr class=waiting>(.*?)</tr>", page)
    assert "not run" in waiting and "How to read." in page
    text = markdown_text(document, picture_names(document))
    assert "| A \\| B | 1.0 |\n" in text and "never" not in text


def test_pictures_have_names_sizes_and_captions(document):
    names = picture_names(document)
    assert list(names.values()) == ["inner-part-1.png"]
    page = html_text(document, names)
    assert 'src="pictures/inner-part-1.png" width="5" height="3"' in page
    assert "See the &lt;dot&gt;." in page and "A dot &amp; more" in page and "&lt;brackets&gt;" in page
    assert "![Inner part: A dot & more](pictures/inner-part-1.png)" in markdown_text(document, names)
