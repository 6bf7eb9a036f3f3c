"""A comparison on real pairs as a table, on the terminal and as Markdown."""

from __future__ import annotations

from dirv_tf.training.execution.environment import hardware_line
from experiments.comparison.real.measurement import FOUND

_COLUMNS = (
    "method", "median rTRE, mean", "median", "worst", "worse than before", f"below {FOUND:g}", "folded %, worst",
    "seconds", "of processor time", "first call", "not found: warned of", "found: warned of",
)


def markdown(record: dict) -> str:
    """Write a record down as a Markdown page.

    Parameters
    ----------
    record : dict
        As `compare_on_real_pairs` makes it.

    Returns
    -------
    str
    """
    versions = ", ".join(f"{name} {version}" for name, version in record["versions"].items())
    return "\n".join(
        [
            f"# Real pairs: {record['set']}",
            "",
            f"{hardware_line(record['hardware'])}; {versions}.",
            "",
            describe(record),
            "",
            methods_table(record),
            "",
            "## Median rTRE of every pair, x 1000",
            "",
            pairs_table(record),
        ]
    )


def describe(record: dict) -> str:
    """Return what the pairs of a record are, in a sentence."""
    poses = f", each in {record['poses']} random pose{'s' * (record['poses'] > 1)}" if record["poses"] else ""
    count = len(record["pairs"]) // max(1, record["poses"])
    return f"{count} pairs{poses}, longer side {record['side']} pixels."


def methods_table(record: dict) -> str:
    """Return one row per method."""
    lines = [f"| {' | '.join(_COLUMNS)} |", f"|{'---|' * len(_COLUMNS)}"]
    lines += [f"| {' | '.join(_cells(row))} |" for row in record["methods"]]
    return "\n".join(lines) + "\n"


def pairs_table(record: dict) -> str:
    """Return one row per pair, one column per method; an asterisk where the method warns of its result."""
    names = [row["name"] for row in record["methods"]]
    lines = [f"| pair | {' | '.join(names)} |", f"|{'---|' * (len(names) + 1)}"]
    for index, pair in enumerate(record["pairs"]):
        rows = [row["pairs"][index] for row in record["methods"]]
        cells = [f"{1000 * row['rtre_median']:.1f}{' *' * bool(row.get('warnings'))}" for row in rows]
        lines.append(f"| {pair.replace('../sections/', '').replace(' | ', ' ← ')} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def text_lines(row: dict) -> list[str]:
    """Write one method's row down for the terminal."""
    return ["  " + ", ".join(f"{title} {cell}" for title, cell in zip(_COLUMNS[1:], _cells(row)[1:]) if cell)]


def _cells(row):
    measured = row["summary"]
    warned = ("", "")
    if "not_found" in measured:
        found = len(row["pairs"]) - measured["not_found"]
        warned = (
            f"{measured['warned_not_found']} of {measured['not_found']}", f"{measured['warned_found']} of {found}",
        )
    return [
        row["what"],
        f"{measured['rtre_mean']:.5f}",
        f"{measured['rtre_median']:.5f}",
        f"{measured['rtre_worst']:.5f}",
        f"{100 * measured['worse_than_before']:.0f} %",
        f"{100 * measured['found']:.0f} %",
        f"{measured['folded_percent_worst']:.3f}",
        f"{measured['seconds']:.2f}",
        f"{measured['cpu_seconds']:.2f}",
        f"{row['first_call']['seconds']:.1f}",
        *warned,
    ]
