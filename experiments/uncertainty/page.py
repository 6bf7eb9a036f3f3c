"""The measured part of docs/uncertainty.md, written from its record: `python -m experiments.uncertainty.page`."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from experiments.folders import CHECKOUT, RECORDS
from experiments.uncertainty.table import markdown
from experiments.written_page import WrittenPage

RECORD = "uncertainty.json"


def blocks(results: Path = RECORDS) -> dict[str, str]:
    """Return what lies between the marks of the page, by the name of the block."""
    record = json.loads((results / "uncertainty" / RECORD).read_text(encoding="utf-8"))
    return {"uncertainty": markdown(record)}


PAGE = WrittenPage(CHECKOUT / "docs" / "uncertainty.md", "experiments.uncertainty.page", blocks)

if __name__ == "__main__":
    sys.exit(PAGE.main())
