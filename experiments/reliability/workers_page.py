"""The tables of distributed training in the documentation: `python -m experiments.reliability.workers_page`.

The page holds prose around a block between two marks; the block alone is written. A test compares it with the record.
"""

from __future__ import annotations

import json
import statistics
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
    first, last = ends_of_the_curve(record["losses"])
    lines = [
        f"{record['steps']} steps, in which the loss of one process falls from {first:.2f} px (mean of the first "
        f"{_EPOCHS} epochs) to {last:.2f} px",
        f"(of the last {_EPOCHS}); {len(record['faults'])} faults. {measured_on(record)}",
        "",
        "| beside one process | largest relative difference of a loss | of a loss of unseen pairs | of a weight |",
        "|---|---|---|---|",
        *(f"| {row['name']} | {_differences(row)} |" for row in record["rows"]),
        "",
        "| killed | after epochs | status of the others | seconds until they had ended | "
        "largest relative difference of a loss, gone on | of a loss of unseen pairs | of a weight |",
        "|---|---|---|---|---|---|---|",
    ]
    for row in record["kills"]:
        statuses = ", ".join(map(str, row["statuses"]))
        lines.append(
            f"| {_VICTIMS[row['killed']]} of {row['workers']} workers | {row['after_epochs']} | {statuses} | "
            f"{row['seconds_to_end']:.0f} | {_differences(row)} |"
        )
    return "\n".join(lines) + "\n"


def ends_of_the_curve(losses: list[float]) -> tuple[float, float]:
    """Return the means of the first and of the last epochs: single ones go up and down."""
    return statistics.mean(losses[:_EPOCHS]), statistics.mean(losses[-_EPOCHS:])


_EPOCHS = 5
_VICTIMS = {"chief": "the chief", "other": "another one"}


def _differences(row):
    return " | ".join(f"{row[name]:.1e}" if row[name] else "0" for name in ("loss", "unseen", "weights"))


PAGE = WrittenPage(CHECKOUT / "docs" / "distributed_training.md", "experiments.reliability.workers_page", blocks)


if __name__ == "__main__":
    sys.exit(PAGE.main())
