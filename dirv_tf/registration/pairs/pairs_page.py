"""The page to look over many registrations at once: `index.html`, one row per pair, the worst first."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from statistics import median
from urllib.parse import quote

from dirv_tf.io.atomic_write import write_text
from dirv_tf.io.html_page import html_page
from dirv_tf.metrics.names import METRIC_NAMES
from dirv_tf.registration.pairs.pair_row import PairRow
from dirv_tf.registration.pairs.pairs_folder import PAGE_NAME, TABLE_NAME, PairsFolder
from dirv_tf.registration.results.result_folder import PICTURE_NAME

FAILED, DOUBTFUL, FINE = "failed", "with warnings", "without warnings"
_COLORS = {FAILED: "bad", DOUBTFUL: "doubt", FINE: "good"}
# A page with the pictures of thousands of pairs would be too large to open.
_MOST_PICTURES = 300
_TITLES = ("fixed", "moving", "registered", "before", "after", "grid")
_EXPLANATION = (
    "The worst pairs come first: those that failed, those with warnings, then by the error of their landmarks or by "
    "how alike the images are. <em>Before</em> and <em>after</em> lay the fixed image, in magenta, over the moving or "
    "the registered one, in green: images of one contrast are gray where they fit. The <em>grid</em> is that of the "
    "fixed image as it lies in the moving one. Of volumes, the central slice is shown. <em>Alike</em> is the mean "
    "squared correlation in small neighborhoods, 1 at best, whatever the contrast; of unrelated images it is 0.1 to "
    "0.2. <em>Inside</em> is the share of the fixed image whose place lies in the moving one."
)
_STYLE = """
body { max-width: 100rem; }
:root { --good: #2a9d58; --doubt: #d08700; --bad: #d0342c; }
p.lead { max-width: 60rem; opacity: .85; font-size: 14px; }
ul.counts { display: flex; flex-wrap: wrap; gap: .75rem; padding: 0; margin: 1.25rem 0; list-style: none; }
ul.counts li { border: 1px solid var(--pale); border-radius: 8px; padding: .5rem 1rem; min-width: 6rem; }
ul.counts b { display: block; font-size: 22px; line-height: 1.25; font-variant-numeric: tabular-nums; }
ul.counts li.bad b { color: var(--bad); } ul.counts li.doubt b { color: var(--doubt); }
ul.counts li.good b { color: var(--good); }
div.table { overflow-x: auto; }
table { width: 100%; } thead th { border-bottom: 2px solid var(--pale); white-space: nowrap; }
tbody td { padding: .6rem .3rem; vertical-align: middle; }
tr > :first-child { padding-left: .9rem; border-left: 5px solid transparent; }
tr.bad > :first-child { border-left-color: var(--bad); } tr.doubt > :first-child { border-left-color: var(--doubt); }
tr.good > :first-child { border-left-color: var(--good); }
td.pair { white-space: normal; min-width: 10rem; max-width: 18rem; overflow-wrap: anywhere; }
td.pair a, td.pair strong { font-size: 15px; font-weight: 600; }
td.pair p { margin: .25rem 0 0; line-height: 1.35; }
td.why { white-space: normal; overflow-wrap: anywhere; }
tr.bad td.why { color: var(--bad); } tr.doubt p.why { color: var(--doubt); }
p.quiet { opacity: .65; }
td.picture { width: 150px; text-align: center; } td.picture img { display: block; margin: auto; border-radius: 4px; }
td.numbers dl { display: grid; grid-template-columns: auto auto; gap: .1rem .7rem; margin: 0; width: max-content; }
td.numbers dt { opacity: .65; } td.numbers dd { margin: 0; }
"""


def write_page(folder: PairsFolder, order: Sequence[str]) -> None:
    """Write the page of all pairs that are finished by now.

    Parameters
    ----------
    folder : PairsFolder
    order : sequence of str
        Names of all pairs, finished or not.
    """
    folder.write_current(order, lambda rows: write_text(folder.path / PAGE_NAME, page_text(folder, rows, len(order))))


def page_text(folder: PairsFolder, rows: Sequence[PairRow], total: int) -> str:
    """Return the page as HTML.

    Parameters
    ----------
    folder : PairsFolder
        Holds the small pictures.
    rows : sequence of PairRow
    total : int
        Number of all pairs, finished or not.

    Returns
    -------
    str
    """
    limit = f" Only the worst {_MOST_PICTURES} pairs have pictures here." if len(rows) > _MOST_PICTURES else ""
    parts = [
        f"<ul class=counts>{''.join(_counts(rows, total))}</ul>",
        f'<p class=lead>{_EXPLANATION}{limit} All numbers are in <a href="{TABLE_NAME}">{TABLE_NAME}</a>.</p>',
        f"<div class=table><table><thead><tr><th>pair</th>{''.join(f'<th>{title}</th>' for title in _TITLES)}"
        "<th>numbers</th></tr></thead><tbody>",
        *(
            _row(row, folder.thumbnails(row.name) if number < _MOST_PICTURES else {})
            for number, row in enumerate(worst_first(rows))
        ),
        "</tbody></table></div>",
    ]
    return html_page(f"{folder.path.name}: {total} pairs of images", parts, _STYLE)


def verdict(row: PairRow) -> str:
    """Return what the row says of its pair: `FAILED`, `DOUBTFUL` or `FINE`."""
    return FAILED if not row.is_done else DOUBTFUL if row.warnings else FINE


def worst_first(rows: Iterable[PairRow]) -> list[PairRow]:
    """Return the rows in the order in which they should be looked at.

    Parameters
    ----------
    rows : iterable of PairRow

    Returns
    -------
    list of PairRow
        Failed ones, those with warnings, the others; each of these by the median relative error of the landmarks, where
        all of them have landmarks, or else by the similarity after the registration.
    """
    rows = list(rows)
    by_landmarks = all(row.rtre_median_after is not None for row in rows if row.is_done)
    ranks = {FAILED: 0, DOUBTFUL: 1, FINE: 2}

    def badness(row):
        if not row.is_done:
            return 0.0
        return row.rtre_median_after if by_landmarks else -row.similarity_after

    return sorted(rows, key=lambda row: (ranks[verdict(row)], -badness(row)))


def _counts(rows, total):
    for kind in (FAILED, DOUBTFUL, FINE):
        count = sum(verdict(row) == kind for row in rows)
        yield _count(count, kind, _COLORS[kind] if count else "")
    if total > len(rows):
        yield _count(total - len(rows), "not finished yet", "")
    for name, label, text in (
        ("similarity", "alike, median", "{:.2f}".format), ("rtre_median", "median rTRE, median", _share),
        ("dice", "mean Dice, median", "{:.3f}".format),
    ):
        pairs = [(getattr(row, f"{name}_before"), getattr(row, f"{name}_after")) for row in rows]
        known = [pair for pair in pairs if None not in pair]
        if known:
            before, after = (median(values) for values in zip(*known))
            yield _count(f"{text(before)} → {text(after)}", label, "")


def _count(value, label, color):
    return f"<li{f' class={color}' if color else ''}><b>{value}</b>{escape(label)}</li>"


def _row(row, thumbnails):
    kind, link = verdict(row), quote(row.name)
    said = "".join(f"<p class=why>{escape(text)}</p>" for text in row.warnings)
    name = f'<a href="{link}/">{escape(row.name)}</a>' if row.is_done else f"<strong>{escape(row.name)}</strong>"
    cells = [f"<td class=pair>{name}{said}<p class=quiet>{escape(row.method)}</p></td>"]
    if thumbnails and row.is_done:
        for title in _TITLES:
            picture = f'<img src="{thumbnails[title]}" alt="{title} of {escape(row.name)}" loading="lazy">'
            cells.append(f'<td class=picture><a href="{link}/{PICTURE_NAME}">{picture}</a></td>')
    else:
        link = f'<a href="{link}/{PICTURE_NAME}">{PICTURE_NAME}</a>'
        cells.append(f"<td class=why colspan={len(_TITLES)}>{link if row.is_done else escape(row.reason)}</td>")
    numbers = "".join(f"<dt>{label}</dt><dd>{value}</dd>" for label, value in _numbers(row))
    cells.append(f"<td class=numbers><dl>{numbers}</dl></td>")
    return f'<tr class={_COLORS[kind]} title="{kind}">{"".join(cells)}</tr>'


def _share(value):
    return "0" if value == 0 else f"{value:.4f}" if value >= 5e-5 else "&lt; 0.0001"


def _numbers(row):
    if row.is_done:
        yield "alike", f"{row.similarity_before:.2f} → {row.similarity_after:.2f}"
        yield "inside", f"{100 * row.support:.0f} %"
        yield METRIC_NAMES["folded_percent"].label, f"{row.folded_percent:.2f} %"
    if row.landmarks is not None:
        yield "landmarks", row.landmarks
        yield "median rTRE", f"{_share(row.rtre_median_before)} → {_share(row.rtre_median_after)}"
        yield "median TRE", f"{row.tre_median_before:.3g} → {row.tre_median_after:.3g} {row.tre_unit}"
    if row.dice_before is not None:
        yield "mean Dice", f"{row.dice_before:.3f} → {row.dice_after:.3f}"
    if row.is_done:
        yield "time", f"{row.seconds:.1f} s"
