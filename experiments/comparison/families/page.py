"""The page of the families side by side, written from its record: `python -m experiments.comparison.families.page`.

The page holds prose around blocks between two marks each; the blocks alone are written. A test compares them with the
record.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from experiments.comparison.families.pair_sets import SETS
from experiments.comparison.families.real_sets import TITLES
from experiments.comparison.families.resolutions import RECORD as RESOLUTIONS
from experiments.comparison.families.resolutions import resolutions_table
from experiments.comparison.families.tables import gains, networks_table, overview, set_table, steps_table
from experiments.comparison.table import settings_text
from experiments.folders import CHECKOUT, RECORDS
from experiments.written_page import WrittenPage, days, machines

RECORD = RECORDS / "comparison" / "comparison.json"
ALL = (*(known_set.name for known_set in SETS), *TITLES)
IMAGES = tuple(known_set.name for known_set in SETS if len(known_set.size) == 2)


def blocks(file: Path = RECORD, resolutions: Path = RESOLUTIONS) -> dict[str, str]:
    """Return what lies between the marks of the page.

    Parameters
    ----------
    file, resolutions : path
        The records of the comparison and of what is found at lower resolutions.

    Returns
    -------
    dict of str
        Markdown by the name of the block.
    """
    record = json.loads(file.read_text(encoding="utf-8"))
    record["sets"] = {name: entry for name, entry in record["sets"].items() if entry["rows"]}
    images = [name for name in IMAGES if name in record["sets"]]
    return {
        "measured": measured(record),
        "networks": networks_table(record),
        "overview": overview(record, images),
        "endpoint errors": overview(record, images, "endpoint_px", "{:.2f}", lower=True),
        "refined": gains(record, images, "refined"),
        "optimized": gains(record, images, "optimized"),
        "resolutions": resolutions_table(json.loads(resolutions.read_text(encoding="utf-8"))),
        "steps": steps_table(record, images),
        "sets": "\n".join(_section(record, name) for name in ALL if name in record["sets"]),
    }


def measured(record: dict[str, Any]) -> str:
    """Return in a few sentences what was measured when, on what."""
    rows = [row for entry in record["sets"].values() for row in entry["rows"]]
    threads = {row["threads"] for row in rows}
    said = "TensorFlow in one thread" if threads == {"1"} else "TensorFlow in the threads that it takes"
    return f"Measured {days(rows)} on {machines(rows)}, {said}, version {record['versions']['tensorflow']}.\n"


def _section(record, name):
    entry = record["sets"][name]
    if "seed" in entry:
        pairs = (
            f"{entry['pairs']} pairs, displacements of {entry['mean_px']:.1f} pixels on average and "
            f"{entry['largest_px']:.0f} at most."
        )
        settings = "".join(f" {method}: {_settings(each)}." for method, each in entry["settings"].items())
    else:
        pairs, settings = f"{entry['pairs']} of the {entry['of']} shipped pairs.", ""
    return "\n".join([f"### {entry['title']}", "", pairs + settings, "", set_table(record, name)])


def _settings(found):
    by = found["tuned"].replace("make classical", "`make classical`")
    return f"{settings_text(found['settings'])} (found by {by})"


PAGE = WrittenPage(CHECKOUT / "docs" / "comparison.md", "experiments.comparison.families.page", blocks)


if __name__ == "__main__":
    sys.exit(PAGE.main())
