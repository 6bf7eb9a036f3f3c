"""The tables of distributed training in the documentation: `python -m experiments.reliability.workers_page`.

The page holds prose around a block between two marks; the block alone is written. A test compares it with the record.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from experiments.folders import CHECKOUT, RECORDS
from experiments.reliability.workers import RECORD_NAME
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
    return {"workers": workers_tables(json.loads((results / "reliability" / RECORD_NAME).read_text(encoding="utf-8")))}


def workers_tables(record: dict) -> str:
    """Return the tables in Markdown, with a line break at the end."""
    lines = [
        f"{record['steps']} steps, in which the loss of one process falls from {record['losses'][0]:.2f} to "
        f"{record['losses'][-1]:.2f} px; {len(record['faults'])} faults. {measured_on(record)}",
        "",
        "| beside one process | largest relative difference of a loss | of a loss of unseen pairs | of a weight |",
        "|---|---|---|---|",
        *(f"| {row['name']} | {_differences(row)} |" for row in record["rows"]),
        "",
        "| killed, of two workers | after epochs | status of the other | seconds until it ended | "
        "largest relative difference of a loss, gone on | of a loss of unseen pairs | of a weight |",
        "|---|---|---|---|---|---|---|",
    ]
    for row in record["kills"]:
        statuses = ", ".join(map(str, row["statuses"]))
        lines.append(
            f"| {_VICTIMS[row['killed']]} | {row['after_epochs']} | {statuses} | {row['seconds_to_end']:.0f} | "
            f"{_differences(row)} |"
        )
    return "\n".join(lines) + "\n"


_VICTIMS = {"chief": "the chief", "other": "the other one"}


def _differences(row):
    return " | ".join(f"{row[name]:.1e}" if row[name] else "0" for name in ("loss", "unseen", "weights"))


PAGE = WrittenPage(CHECKOUT / "docs" / "distributed_training.md", "experiments.reliability.workers_page", blocks)


if __name__ == "__main__":
    sys.exit(PAGE.main())
