"""The tables of distributed training in the documentation: `python -m experiments.reliability.workers_page`.

The page holds prose around a block between two marks; the block alone is written. A test compares it with the record.
"""

from __future__ import annotations

import json
import statistics
import sys
from pathlib import Path

from experiments.folders import CHECKOUT, RECORDS
from experiments.reliability import shared_settings
from experiments.reliability.shared_settings import all_faults
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
    workers, settings = (
        json.loads((results / "reliability" / name).read_text(encoding="utf-8"))
        for name in (RECORD_NAME, shared_settings.RECORD_NAME)
    )
    return {"workers": workers_tables(workers), "settings": settings_tables(settings)}


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


def settings_tables(record: dict) -> str:
    """Return the tables of `shared_settings.json` in Markdown, with a line break at the end."""
    columns = [f"{name}: {what}" for name in _SHARED for what in ("loss", "weight")]
    rates = ", ".join(f"{rate:,.0f} by {name}" for name, rate in record["pairs_per_second"].items())
    lines = [
        f"{record['epochs']} epochs of {shared_settings.STEPS_PER_EPOCH} steps; {len(all_faults(record))} faults. "
        f"{measured_on(record)}",
        "",
        f"| beside one process, largest relative difference | {' | '.join(columns)} | allowed |",
        f"|{'---|' * (2 + len(columns))}",
    ]
    for row in record["rows"].values():
        cells = [_difference(row[name][what]) for name in _SHARED for what in ("loss", "weights")]
        lines.append(f"| {row['title']} | {' | '.join(cells)} | {row['tolerance']:.0e} |")
    lines += [
        "",
        "| begun by | after epochs | gone on with by | largest relative difference of a loss | "
        "of a loss of unseen pairs | of a weight |",
        "|---|---|---|---|---|---|",
    ]
    for row in record["grown"].values():
        first = f"{row['first']} workers" if row["first"] else "one process"
        lines.append(f"| {first} | {row['after_epochs']} | {row['second']} workers | {_differences(row)} |")
    if rates:
        lines += ["", f"Pairs per second in a training step of the benchmark, all on one processor: {rates}."]
    titles = {name: title for name, (title, _) in shared_settings.CASES.items() if name not in record["rows"]}
    for name, (first, second) in shared_settings.GROWN.items():
        if name not in record["grown"]:
            titles[name] = f"{first or 1} worker{'s' * (first > 1)}, then {second}"
    if not rates:
        titles["rates"] = "pairs per second"
    lines += ["", f"Not measured yet: {'; '.join(titles.values())}."] if titles else []
    return "\n".join(lines) + "\n"


def ends_of_the_curve(losses: list[float]) -> tuple[float, float]:
    """Return the means of the first and of the last epochs: single ones go up and down."""
    return statistics.mean(losses[:_EPOCHS]), statistics.mean(losses[-_EPOCHS:])


_EPOCHS = 5
_SHARED = ("2 virtual devices", "2 workers")
_VICTIMS = {"chief": "the chief", "other": "another one"}


def _differences(row):
    return " | ".join(_difference(row[name]) for name in ("loss", "unseen", "weights"))


def _difference(value):
    return f"{value:.1e}" if value else "0"


PAGE = WrittenPage(CHECKOUT / "docs" / "distributed_training.md", "experiments.reliability.workers_page", blocks)


if __name__ == "__main__":
    sys.exit(PAGE.main())
