"""What whole slides cost, in the documentation: `python -m experiments.reliability.slides_page`.

The page holds prose around blocks between two marks each; the blocks alone are written. A test compares them with the
record.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from experiments.folders import CHECKOUT, RECORDS
from experiments.reliability.cohort_cost import PAIRS, sums, table
from experiments.reliability.slides import RECORD_NAME
from experiments.written_page import WrittenPage, measured_on

_STEPS = {
    "register": "register, at its level",
    "killed": "warp, killed on the way",
    "warp": "the same command again",
    "warp_jpeg": "warp in JPEG, not killed",
}


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
    record = json.loads((results / "reliability" / RECORD_NAME).read_text(encoding="utf-8"))
    return {"measured": measured(record), "cost": cost(record)}


def measured(record: dict) -> str:
    """Return what was measured in Markdown, with a line break at the end."""
    before, after = (record["error_px"][when] for when in ("before", "after"))
    level, difference = record["level"], record["difference"]
    side, small = (" x ".join([f"{each:,}"] * 2) for each in (record["side"], level["size"][0]))
    kept, blocks_in_all = record["kept"]
    return "\n".join(
        [
            f"Slides of {side} pixels in color, registered at level {level['number']}, {small} pixels, of which each "
            f"is {level['step']:g} of full resolution wide. {measured_on(record)}",
            "",
            "| step | processor seconds | seconds by the clock | memory of the process | MB written |",
            "|---|---|---|---|---|",
            *(
                f"| {title} | {record[name]['cpu_seconds']:.1f} | {record[name]['seconds']:.0f} | "
                f"{record[name]['memory_mb']:,} MB | {_written(record, name)} |"
                for name, title in _STEPS.items()
            ),
            "",
            f"{_busy(record)}The second warp took over {kept} of {blocks_in_all} blocks. "
            f"{len(record['faults'])} faults.",
            "",
            "| pixels of full resolution | mean | median | 95 % | largest |",
            "|---|---|---|---|---|",
            *(
                f"| {title} | {' | '.join(f'{values[name]:,.2f}' for name in ('mean', 'median', 'p95', 'max'))} |"
                for title, values in (("distance of the slides", before), ("error of the map found", after))
            ),
            "",
            f"From the fixed slide, the moving one differs by {difference['before']:.1f} of 255 gray levels in the "
            f"mean, the moved one by {difference['after']:.1f}, in JPEG by {difference['jpeg']:.1f}.",
        ]
    ) + "\n"


def cost(record: dict, pairs: int = PAIRS) -> str:
    """Return the formula and the table of many slides in Markdown, with a line break at the end."""
    ways = {"deflate": row(record, False), "jpeg": row(record, True)}
    inputs = record["mb"]["fixed"] + record["mb"]["moving"]
    return "\n".join(
        [
            "```text",
            "core hours = pairs x (processor seconds to register + to warp) / 3600",
            "hours      = core hours / cores",
            "gigabytes  = pairs x (megabytes of the result + of the moved slide) / 1000",
            *sums(ways, 1, pairs),
            f"read: {pairs:,} x {inputs:,.1f} MB / 1000 = {pairs * inputs / 1000:,.0f} GB",
            "```",
            "",
            *table("compression", ways, 1, pairs),
        ]
    ) + "\n"


def row(record: dict, jpeg: bool) -> dict:
    """Return what a pair costs, as a row of `experiments.reliability.cohort_cost`.

    Parameters
    ----------
    record : dict
    jpeg : bool
        Whether the moved slide is in JPEG; else the warp is that with the kill, and what that cost is in it.
    """
    steps = ("register", "warp_jpeg") if jpeg else ("register", "killed", "warp")
    return {
        "cpu_seconds": sum(record[name]["cpu_seconds"] for name in steps),
        "memory_mb": max(record[name]["memory_mb"] for name in steps),
        "mb": record["mb"]["result"] + record["mb"]["moved_jpeg" if jpeg else "moved"],
    }


def _busy(record):
    """Say so where the processes had to wait."""
    if all(record[name]["seconds"] < 1.2 * record[name]["cpu_seconds"] for name in _STEPS):
        return ""
    return "Other work ran on the machine, so that the seconds by the clock are more than they need be. "


def _written(record, name):
    files = {"register": "result", "warp": "moved", "warp_jpeg": "moved_jpeg"}
    return f"{record['mb'][files[name]]:,.1f}" if name in files else ""


PAGE = WrittenPage(CHECKOUT / "docs" / "slides.md", "experiments.reliability.slides_page", blocks)


if __name__ == "__main__":
    sys.exit(PAGE.main())
