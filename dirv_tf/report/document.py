"""What a report consists of, before it is written as HTML or Markdown: sections of paragraphs, tables and pictures."""

from __future__ import annotations

import io
from typing import NamedTuple

import matplotlib.image


class Table(NamedTuple):
    """A table.

    Attributes
    ----------
    rows : list of dict of str to str
        Texts by column; all rows have the same columns. Columns that are empty in every row are not shown.
    caption : str
        Says how to read it.
    waiting : str
        The text that marks a row without results, which is shown pale.
    """

    rows: list
    caption: str = ""
    waiting: str = "not run"

    @property
    def columns(self):
        """The columns that are not empty in every row."""
        return [column for column in self.rows[0] if any(row[column] for row in self.rows)]


class Picture(NamedTuple):
    """A picture.

    Attributes
    ----------
    title : str
    caption : str
        Says what to see.
    content : bytes
        PNG file.
    size : pair of int
        Height and width in pixels.
    """

    title: str
    caption: str
    content: bytes
    size: tuple


class Section(NamedTuple):
    """A section.

    Attributes
    ----------
    title : str
        Different from the titles of all other sections.
    blocks : list of str, Table, Picture or Section
        Texts are paragraphs.
    """

    title: str
    blocks: list


class Document(NamedTuple):
    """A report.

    Attributes
    ----------
    title, introduction : str
    sections : list of Section
    """

    title: str
    introduction: str
    sections: list


def picture(title, caption, pixels):
    """Make a Picture of an array.

    Parameters
    ----------
    title, caption : str
    pixels : array, shape (height, width, 3), uint8

    Returns
    -------
    Picture
    """
    buffer = io.BytesIO()
    matplotlib.image.imsave(buffer, pixels, format="png")
    return Picture(title, caption, buffer.getvalue(), pixels.shape[:2])


def anchor(title):
    """Return a title as the name of a link and of files: letters and digits, parted by hyphens."""
    return "-".join("".join(letter if letter.isalnum() else " " for letter in title.lower()).split())


def picture_names(document):
    """Return the names of all picture files of a document.

    Returns
    -------
    dict of int to str
        File names by the identity of the Picture, such as "run-a-6-2.png".
    """
    names = {}

    def visit(section):
        pictures = [block for block in section.blocks if isinstance(block, Picture)]
        names.update({id(each): f"{anchor(section.title)}-{number}.png" for number, each in enumerate(pictures, 1)})
        for block in section.blocks:
            if isinstance(block, Section):
                visit(block)

    for section in document.sections:
        visit(section)
    return names
