"""A comparison on real pairs as a table, on the terminal and as Markdown."""

from __future__ import annotations

from experiments.comparison.real.judges import judge_of
from experiments.written_page import measured_on

_TIMES = ("folded %, worst", "seconds", "of processor time", "first call")
_WARNED = ("not found: warned of", "found: warned of")


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
            f"{measured_on(record, record['methods'])} {versions}.",
            "",
            describe(record),
            "",
            methods_table(record),
            "",
            f"## {judge_of(record).pairs_title}",
            "",
            pairs_table(record),
        ]
    )


def describe(record: dict) -> str:
    """Return what the pairs of a record are, in a sentence."""
    poses = f", each in {record['poses']} random pose{'s' * (record['poses'] > 1)}" if record["poses"] else ""
    count = len(record["pairs"]) // max(1, record["poses"])
    if judge_of(record).key == "l_int":
        sizes = record["side"] if isinstance(record["side"][0], list) else [record["side"]]
        said = ", ".join(" x ".join(map(str, size)) for size in sizes)
        return f"{count} pair{'s' * (count > 1)} of {said} {'pixels' if len(sizes[0]) == 2 else 'voxels'}."
    if judge_of(record).key == "dice":
        return f"{count} pairs, padded to {record['side']} voxels along each axis."
    return f"{count} pairs{poses}, longer side {record['side']} pixels."


def methods_table(record: dict) -> str:
    """Return one row per method."""
    judge = judge_of(record)
    columns = ("method", *_columns(judge))
    lines = [f"| {' | '.join(columns)} |", f"|{'---|' * len(columns)}"]
    lines += [f"| {' | '.join((row['what'], *_cells(row, judge)))} |" for row in record["methods"]]
    return "\n".join(lines) + "\n"


def pairs_table(record: dict) -> str:
    """Return one row per pair, one column per method; an asterisk where the method warns of its result."""
    judge = judge_of(record)
    names = [row["name"] for row in record["methods"]]
    lines = [f"| pair | {' | '.join(names)} |", f"|{'---|' * (len(names) + 1)}"]
    for index, pair in enumerate(record["pairs"]):
        rows = [row["pairs"][index] for row in record["methods"]]
        cells = [f"{judge.pair_cell(row)}{' *' * bool(row.get('warnings'))}" for row in rows]
        lines.append(f"| {pair.replace('../sections/', '').replace(' | ', ' ← ')} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def text_lines(row: dict, judge) -> list[str]:
    """Write one method's row down for the terminal."""
    return ["  " + ", ".join(f"{title} {cell}" for title, cell in zip(_columns(judge), _cells(row, judge)) if cell)]


def _columns(judge):
    # Only landmarks tell which pairs are found.
    return (*judge.columns, *_TIMES, *(_WARNED if judge.key == "rtre_median" else ()))


def _cells(row, judge):
    measured = row["summary"]
    cells = [
        *judge.cells(measured),
        f"{measured['folded_percent_worst']:.3f}",
        f"{measured['seconds']:.2f}",
        f"{measured['cpu_seconds']:.2f}",
        f"{row['first_call']['seconds']:.1f}",
    ]
    if judge.key != "rtre_median":
        return cells
    if "not_found" not in measured:
        return [*cells, "", ""]
    found = len(row["pairs"]) - measured["not_found"]
    return [
        *cells,
        f"{measured['warned_not_found']} of {measured['not_found']}", f"{measured['warned_found']} of {found}",
    ]
