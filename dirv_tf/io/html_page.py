"""The frame of an HTML page: one file without anything from elsewhere, for light and dark screens."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

_STYLE = """
:root { color-scheme: light dark; --pale: #8886; }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 88rem; margin: 2rem auto; padding: 0 1rem; }
h1, h2, h3 { line-height: 1.2; } h2 { margin-top: 3rem; border-bottom: 2px solid var(--pale); } h3 { margin-top: 2rem; }
table { border-collapse: collapse; font-size: 13px; }
th, td { padding: .25rem .45rem; border-bottom: 1px solid var(--pale); text-align: left; vertical-align: top; }
td { font-variant-numeric: tabular-nums; white-space: nowrap; }
"""


def html_page(title: str, parts: Iterable[str], style: str = "") -> str:
    """Return an HTML page.

    Parameters
    ----------
    title : str
        Plain text; it is the heading too.
    parts : iterable of str
        HTML of the page below the heading.
    style : str
        CSS beyond that of all pages.

    Returns
    -------
    str

    Examples
    --------
    >>> from dirv_tf.io.html_page import html_page
    >>> "<h1>a &lt; b</h1>" in html_page("a < b", ["<p>Text</p>"])
    True
    """
    lines = [
        "<!DOCTYPE html>",
        f'<html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<style>{_STYLE}{style}</style></head><body>",
        f"<h1>{escape(title)}</h1>",
        *parts,
        "</body></html>",
    ]
    return "\n".join(lines) + "\n"
