"""Writes reports: `index.html`, and the same as `report.md`, with their pictures beside them."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from pathlib import Path

from dirv_tf.io.atomic_write import atomic_path, write_text
from dirv_tf.io.output_paths import check_output_folder
from dirv_tf.report.document import Document, Picture, Section, Table, picture_names
from dirv_tf.report.html_text import html_text
from dirv_tf.report.markdown_text import markdown_text
from dirv_tf.report.run_record import find_runs
from dirv_tf.report.run_sections import run_sections
from dirv_tf.report.run_table import EXPLANATION, run_rows


def write_report(
    paths: Iterable[str | os.PathLike[str]],
    output: str | os.PathLike[str],
    pictures: bool = True,
    say: Callable[[str], None] = print,
) -> Path:
    """Write the report on some runs.

    Parameters
    ----------
    paths : iterable of str or Path
        Folders of runs, or folders that hold such folders.
    output : str or Path
        Folder for `index.html`, `report.md` and `pictures/`; files of an older report are replaced.
    pictures : bool
        Whether to draw curves and, where weights are at hand, images and learned functions.
    say : callable
        Says a line of text.

    Returns
    -------
    Path
        The HTML page.

    Raises
    ------
    FileNotFoundError
        When there is no run in a path.
    ValueError
        When a file of a run is damaged.
    OSError
        When nothing can be written into `output`; before anything is drawn.
    """
    check_output_folder(output)
    runs = find_runs(paths)
    sections = [Section("Results", [Table(run_rows(runs), EXPLANATION)]), *run_sections(runs, pictures, say)]
    return write_document(Document("Runs", "What each run wrote down, and what its network does.", sections), output)


def write_document(document, output):
    """Write a document.

    Parameters
    ----------
    document : Document
    output : str or Path
        Folder for `index.html`, `report.md` and `pictures/`; files of an older report are replaced.

    Returns
    -------
    Path
        The HTML page.
    """
    output, names = Path(output), picture_names(document)
    for picture in _pictures(document.sections):
        with atomic_path(output / "pictures" / names[id(picture)]) as temporary:
            temporary.write_bytes(picture.content)
    write_text(output / "report.md", markdown_text(document, names))
    write_text(output / "index.html", html_text(document, names))
    return output / "index.html"


def _pictures(blocks):
    for block in blocks:
        if isinstance(block, Section):
            yield from _pictures(block.blocks)
        elif isinstance(block, Picture):
            yield block
