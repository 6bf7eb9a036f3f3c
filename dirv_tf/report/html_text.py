"""A report as an HTML page."""

from __future__ import annotations

from html import escape

from dirv_tf.io.html_page import html_page
from dirv_tf.report.document import Picture, Section, Table, anchor

_LONGEST_FIGURE = 24
_STYLE = """
p, figcaption { max-width: 50rem; }
nav ul { margin: 0; padding-left: 1.2rem; columns: 20rem; column-gap: 3rem; } nav ul ul { columns: auto; }
div.table { overflow-x: auto; margin: 1rem 0; }
td.text { white-space: normal; min-width: 10rem; }
tr.waiting { opacity: .55; }
figure { margin: 1.5rem 0; }
figure img { max-width: 100%; height: auto; background: white; border-radius: 4px; }
figcaption, .caption { font-size: 13px; opacity: .85; }
"""


def html_text(document, names):
    """Return a document as an HTML page.

    Parameters
    ----------
    document : Document
    names : dict of int to str
        From `picture_names`; the files lie in the folder `pictures` beside the page.

    Returns
    -------
    str
    """
    parts = [
        f"<p>{escape(document.introduction)}</p>",
        f"<nav><strong>Contents</strong>{_contents(document.sections)}</nav>",
        *(line for section in document.sections for line in _section(section, names, 2)),
    ]
    return html_page(document.title, parts, _STYLE)


def _contents(sections):
    entries = []
    for section in sections:
        inner = [block for block in section.blocks if isinstance(block, Section)]
        link = f'<a href="#{anchor(section.title)}">{escape(section.title)}</a>'
        entries.append(f"<li>{link}{_contents(inner) if inner else ''}</li>")
    return f"<ul>{''.join(entries)}</ul>"


def _section(section, names, level):
    yield f'<section id="{anchor(section.title)}"><h{level}>{escape(section.title)}</h{level}>'
    for block in section.blocks:
        if isinstance(block, Section):
            yield from _section(block, names, level + 1)
        elif isinstance(block, Table):
            yield from _table(block)
        elif isinstance(block, Picture):
            yield _figure(block, names)
        else:
            yield f"<p>{escape(block)}</p>"
    yield "</section>"


def _table(table):
    yield "<div class=table><table><tr>" + "".join(f"<th>{escape(name)}</th>" for name in table.columns) + "</tr>"
    for row in table.rows:
        kind = " class=waiting" if table.waiting in row.values() else ""
        yield f"<tr{kind}>" + "".join(_cell(row[name]) for name in table.columns) + "</tr>"
    yield "</table></div>"
    if table.caption:
        yield f"<p class=caption>{escape(table.caption)}</p>"


def _cell(text):
    # Metrics stay on one line, sentences do not.
    return f"<td{' class=text' if len(text) > _LONGEST_FIGURE else ''}>{escape(text)}</td>"


def _figure(picture, names):
    height, width = picture.size
    # The size is known before the file is: nothing jumps while pictures load, and those out of sight load late.
    return (
        f'<figure><img src="pictures/{names[id(picture)]}" width="{width}" height="{height}" loading="lazy" '
        f'decoding="async" alt="{escape(picture.title)}"><figcaption><strong>{escape(picture.title)}.</strong> '
        f"{escape(picture.caption)}</figcaption></figure>"
    )
