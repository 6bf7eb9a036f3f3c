"""A report as Markdown."""

from __future__ import annotations

from dirv_tf.report.document import Picture, Section, Table, anchor


def markdown_text(document, names):
    """Return a document as Markdown.

    Parameters
    ----------
    document : Document
    names : dict of int to str
        From `picture_names`; the files lie in the folder `pictures` beside the page.

    Returns
    -------
    str
    """
    lines = [f"# {document.title}", "", document.introduction, "", *_contents(document.sections, ""), ""]
    for section in document.sections:
        lines += _section(section, names, 2)
    return "\n".join(lines)


def _contents(sections, indent):
    for section in sections:
        yield f"{indent}- [{section.title}](#{anchor(section.title)})"
        yield from _contents([block for block in section.blocks if isinstance(block, Section)], indent + "  ")


def _section(section, names, level):
    # Viewers make anchors of headings by rules of their own.
    yield f'<a id="{anchor(section.title)}"></a>'
    yield ""
    yield f"{'#' * level} {section.title}"
    yield ""
    for block in section.blocks:
        if isinstance(block, Section):
            yield from _section(block, names, level + 1)
        elif isinstance(block, Table):
            yield from table_lines(block)
            yield ""
        elif isinstance(block, Picture):
            yield f"![{section.title}: {block.title}](pictures/{names[id(block)]})"
            yield ""
            yield f"**{block.title}.** {block.caption}"
            yield ""
        else:
            yield block
            yield ""


def table_lines(table):
    """Yield the lines of a table in Markdown, and of its caption behind it.

    Parameters
    ----------
    table : Table

    Yields
    ------
    str
    """
    columns = table.columns
    yield "| " + " | ".join(map(_cell, columns)) + " |"
    yield "|" + "---|" * len(columns)
    for row in table.rows:
        yield "| " + " | ".join(_cell(row[column]) for column in columns) + " |"
    if table.caption:
        yield ""
        yield table.caption


def _cell(text):
    return text.replace("|", "\\|").replace("\n", " ")
