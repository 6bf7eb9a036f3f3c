"""A study's result as a table, on the terminal and as Markdown."""

from __future__ import annotations

import math

from dirv_tf.metrics.names import FINEST, REDUCTIONS
from experiments.written_page import days, machines

_LABELS = tuple(metric.label for metric in REDUCTIONS)
_KEYS = tuple(metric.key for metric in REDUCTIONS)
_FINEST_KEYS = tuple(key + FINEST for key in _KEYS)
COLUMNS = (*_LABELS, *(f"finest {label}" for label in _LABELS), "difference", "parameters", "steps", "time")


def differences(result):
    """Return, per member, by how many points its finest ΔL_int and ΔL_dis are above those that it is compared with.

    Parameters
    ----------
    result : dict
        With `members` and `reference`; a member with `against` is compared with that one, others with the reference.

    Returns
    -------
    list of pair of float
        NaN where the other one is not among the members.
    """
    rows = {row["name"]: row for row in result["members"]}
    missing = dict.fromkeys(_FINEST_KEYS, math.nan)
    others = [rows.get(row.get("against", result["reference"]), missing) for row in result["members"]]
    return [tuple(row[key] - other[key] for key in _FINEST_KEYS) for row, other in zip(result["members"], others)]


def when_and_where(rows):
    """Return when and on which machines the members of a study were measured, each with its `date` and `hardware`."""
    return f"{days(rows)}, {machines(rows)}"


def cells(result):
    """Return the texts of all rows: the member's name and one text per column of `COLUMNS`."""
    lines = []
    for row, (intensity, displacement) in zip(result["members"], differences(result)):
        measured = [f"{row[key]:.1f}" for key in (*_KEYS, *_FINEST_KEYS)]
        compared = "–" if row["name"] == result["reference"] else f"{intensity:+.1f} / {displacement:+.1f}"
        steps = f"{row['steps']:,}" if row["steps"] else "–"
        lines.append([row["name"], *measured, compared, f"{row['parameters']:,}", steps, f"{row['seconds']:.0f} s"])
    return lines


def markdown(result):
    """Write a study's result down as a Markdown page.

    Parameters
    ----------
    result : dict
        What the study's JSON file holds.

    Returns
    -------
    str
    """
    versions = ", ".join(f"{name} {version}" for name, version in result["versions"].items())
    is_related = any("against" in row for row in result["members"])
    whats = {row["name"]: row["what"] for row in result["members"]}
    lines = [
        f"# {result['title']}",
        "",
        result["question"],
        "",
        f"{when_and_where(result['members'])}; scale {result['scale']}; {versions}.",
        "",
        "Shares of the initial errors that were removed on unseen pairs, in percent (mean of levels; finest level "
        f"alone). Difference: finest {' / '.join(_LABELS)} above {result['reference']}, in points"
        f"{', or above the member that its `against` in the JSON file names' if is_related else ''}.",
        "",
        f"| member | what | {' | '.join(COLUMNS)} |",
        f"|---|---|{'---|' * len(COLUMNS)}",
        *(f"| {name} | {whats[name]} | {' | '.join(texts)} |" for name, *texts in cells(result)),
        "",
        f"![{result['title']}]({result['study']}.png)",
    ]
    if result["missing"]:
        lines += ["", f"Not run yet: {', '.join(result['missing'])}."]
    return "\n".join(lines) + "\n"


def text_lines(result):
    """Write a study's result down for the terminal."""
    rows = [["", *COLUMNS], *cells(result)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return ["  ".join([row[0].ljust(widths[0]), *map(str.rjust, row[1:], widths[1:])]) for row in rows]
