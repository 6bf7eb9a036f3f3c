"""What many pairs cost, in the documentation: `python -m experiments.reliability.many_pairs_page`.

The page holds prose around a block between two marks; the block alone is written. A test compares it with the record.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from experiments.folders import CHECKOUT, RECORDS
from experiments.written_page import WrittenPage, measured_on

PAIRS = 10_000
# Computers for which the hours are said: a desk's, and forty jobs of four cores.
CORES = (8, 160)


def blocks(results: Path = RECORDS) -> dict[str, str]:
    """Return what lies between the marks of the page.

    Parameters
    ----------
    results : path
        The folder of the records.

    Returns
    -------
    dict of str
        Markdown by the name of the block.
    """
    file = results / "reliability" / "many_pairs_cost.json"
    return {"cost": cost(json.loads(file.read_text(encoding="utf-8")))}


def cost(record: dict, pairs: int = PAIRS) -> str:
    """Return the formula and the table in Markdown, with a line break at the end."""
    first = record["efforts"][0]
    return "\n".join(
        [
            f"Measured on the {first['pairs']} shipped pairs of sections, longer side {first['side']} pixels in the "
            f"mean, with all that is read and written. {measured_on(record)}{_busy(record)}",
            "",
            "```text",
            "core hours = pairs x processor seconds per pair / 3600",
            "hours      = core hours / cores",
            "gigabytes  = pairs x megabytes per pair / 1000",
            *(_sums(row, pairs) for row in record["efforts"]),
            "```",
            "",
            "| effort | processor seconds per pair | MB per pair | memory of a process | core hours | "
            f"{' | '.join(f'hours on {cores} cores' for cores in CORES)} | GB on the disk |",
            f"|{'---|' * (6 + len(CORES))}",
            *(_row(row, pairs) for row in record["efforts"]),
        ]
    ) + "\n"


def core_hours(row: dict, pairs: int = PAIRS) -> float:
    """Return the hours that one core is at work on so many pairs."""
    return pairs * row["cpu_seconds"] / 3600


def gigabytes(row: dict, pairs: int = PAIRS) -> float:
    """Return what so many pairs take on the disk."""
    return pairs * row["mb"] / 1000


def _busy(record):
    """Say so where the process had to wait for the cores: processor time is longer then, too."""
    row = max(record["efforts"], key=lambda each: each["seconds"] - each["cpu_seconds"])
    if row["seconds"] <= row["cpu_seconds"]:
        return ""
    return (
        f" Other work ran on the machine ({row['seconds']:.1f} s by the clock per pair at effort {row['effort']}); "
        "the processor time may be longer for it."
    )


def _sums(row, pairs):
    hours = f"{pairs:,} x {row['cpu_seconds']:.2f} s / 3600 = {core_hours(row, pairs):.1f} core hours"
    return f"{row['effort']}: {hours}; {pairs:,} x {row['mb']:.2f} MB / 1000 = {gigabytes(row, pairs):.1f} GB"


def _row(row, pairs):
    hours = core_hours(row, pairs)
    cells = [
        row["effort"],
        f"{row['cpu_seconds']:.2f}",
        f"{row['mb']:.2f}",
        f"{row['memory_mb']:,} MB",
        f"{hours:.1f}",
        *(f"{hours / cores:.2f}" for cores in CORES),
        f"{gigabytes(row, pairs):.1f}",
    ]
    return f"| {' | '.join(cells)} |"


PAGE = WrittenPage(CHECKOUT / "docs" / "many_pairs.md", "experiments.reliability.many_pairs_page", blocks)


if __name__ == "__main__":
    sys.exit(PAGE.main())
