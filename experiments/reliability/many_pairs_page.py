"""What many pairs cost, in the documentation: `python -m experiments.reliability.many_pairs_page`.

The page holds prose around a block between two marks; the block alone is written. A test compares it with the record.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from experiments.folders import CHECKOUT, RECORDS
from experiments.reliability.cohort_cost import PAIRS, sums, table
from experiments.written_page import WrittenPage, measured_on


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
    first, rows = record["efforts"][0], {row["effort"]: row for row in record["efforts"]}
    return "\n".join(
        [
            f"Measured on the {first['pairs']} shipped pairs of sections, longer side {first['side']} pixels in the "
            f"mean, with all that is read and written. {measured_on(record)}{_busy(record)}",
            "",
            "```text",
            "core hours = pairs x processor seconds per pair / 3600",
            "hours      = core hours / cores",
            "gigabytes  = pairs x megabytes per pair / 1000",
            *sums(rows, 2, pairs),
            "```",
            "",
            *table("effort", rows, 2, pairs),
        ]
    ) + "\n"


def _busy(record):
    """Say so where the process had to wait for the cores: processor time is longer then, too."""
    row = max(record["efforts"], key=lambda each: each["seconds"] - each["cpu_seconds"])
    if row["seconds"] <= row["cpu_seconds"]:
        return ""
    return (
        f" Other work ran on the machine ({row['seconds']:.1f} s by the clock per pair at effort {row['effort']}); "
        "the processor time may be longer for it."
    )


PAGE = WrittenPage(CHECKOUT / "docs" / "many_pairs.md", "experiments.reliability.many_pairs_page", blocks)


if __name__ == "__main__":
    sys.exit(PAGE.main())
