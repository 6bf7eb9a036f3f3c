"""What many pairs cost in hours and gigabytes, from what one of them was measured to: sums and tables in Markdown."""

from __future__ import annotations

from collections.abc import Mapping

PAIRS = 10_000
# Computers for which the hours are said: a desk's, and forty jobs of four cores.
CORES = (8, 160)


def core_hours(row: dict, pairs: int = PAIRS) -> float:
    """Return the hours that one core is at work on so many pairs."""
    return pairs * row["cpu_seconds"] / 3600


def gigabytes(row: dict, pairs: int = PAIRS) -> float:
    """Return what so many pairs take on the disk."""
    return pairs * row["mb"] / 1000


def sums(rows: Mapping[str, dict], digits: int, pairs: int = PAIRS) -> list[str]:
    """Return a line per row that shows how its hours and gigabytes come about.

    Parameters
    ----------
    rows : mapping of str to dict
        By name; each with `cpu_seconds` and `mb` of a pair and `memory_mb` of its process.
    digits : int
        Behind the point of what one pair costs; what many cost has one less.
    pairs : int

    Returns
    -------
    list of str
    """
    fewer = max(digits - 1, 0)
    return [
        f"{name}: {pairs:,} x {row['cpu_seconds']:,.{digits}f} s / 3600 = "
        f"{core_hours(row, pairs):,.{fewer}f} core hours; "
        f"{pairs:,} x {row['mb']:,.{digits}f} MB / 1000 = {gigabytes(row, pairs):,.{fewer}f} GB"
        for name, row in rows.items()
    ]


def table(column: str, rows: Mapping[str, dict], digits: int, pairs: int = PAIRS) -> list[str]:
    """Return the lines of the table of `rows`, see `sums`; `column` is the heading of their names."""
    fewer, of_hours = max(digits - 1, 0), max(digits, 1)
    lines = [
        f"| {column} | processor seconds per pair | MB per pair | memory of a process | core hours | "
        f"{' | '.join(f'hours on {cores} cores' for cores in CORES)} | GB on the disk |",
        f"|{'---|' * (6 + len(CORES))}",
    ]
    for name, row in rows.items():
        hours = core_hours(row, pairs)
        cells = [
            name,
            f"{row['cpu_seconds']:,.{digits}f}",
            f"{row['mb']:,.{digits}f}",
            f"{row['memory_mb']:,} MB",
            f"{hours:,.{fewer}f}",
            *(f"{hours / cores:,.{of_hours}f}" for cores in CORES),
            f"{gigabytes(row, pairs):,.{fewer}f}",
        ]
        lines.append(f"| {' | '.join(cells)} |")
    return lines
