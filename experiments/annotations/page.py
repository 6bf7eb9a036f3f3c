"""The table of docs/annotations.md, written from its record: `python -m experiments.annotations.page`."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from experiments.annotations.run import RECORD
from experiments.annotations.table import markdown
from experiments.folders import CHECKOUT, RECORDS
from experiments.written_page import WrittenPage


def blocks(results: Path = RECORDS) -> dict[str, str]:
    """Return what lies between the marks of the page, by the name of the block."""
    record = json.loads((results / "annotations" / RECORD).read_text(encoding="utf-8"))
    return {"annotations": markdown(record)}


PAGE = WrittenPage(CHECKOUT / "docs" / "annotations.md", "experiments.annotations.page", blocks)

if __name__ == "__main__":
    sys.exit(PAGE.main())
