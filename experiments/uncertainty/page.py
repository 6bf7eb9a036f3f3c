"""The measured part of docs/uncertainty.md, written from its record: `python -m experiments.uncertainty.page`."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from experiments.folders import CHECKOUT, RECORDS
from experiments.uncertainty.table import losses_markdown, markdown
from experiments.written_page import WrittenPage

RECORD, OF_IMAGES = "uncertainty.json", "images.json"


def blocks(results: Path = RECORDS) -> dict[str, str]:
    """Return what lies between the marks of the page, by the name of the block."""
    shipped, of_images = (
        json.loads((results / "uncertainty" / name).read_text(encoding="utf-8")) for name in (RECORD, OF_IMAGES)
    )
    return {"uncertainty": markdown(shipped), "losses": losses_markdown([shipped, of_images])}


PAGE = WrittenPage(CHECKOUT / "docs" / "uncertainty.md", "experiments.uncertainty.page", blocks)

if __name__ == "__main__":
    sys.exit(PAGE.main())
