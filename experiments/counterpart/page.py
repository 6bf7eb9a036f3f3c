"""The measured part of docs/counterpart.md, written from its record: `python -m experiments.counterpart.page`."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from experiments.counterpart.table import fills_markdown, markdown
from experiments.folders import CHECKOUT, RECORDS
from experiments.written_page import WrittenPage


def blocks(results: Path = RECORDS) -> dict[str, str]:
    """Return what lies between the marks of the page, by the name of the block."""
    names = ("counterpart.json", "fills_2.json")
    record, before = (json.loads((results / "counterpart" / name).read_text(encoding="utf-8")) for name in names)
    return {"counterpart": f"{markdown(record)}\n{fills_markdown(record, before)}"}


PAGE = WrittenPage(CHECKOUT / "docs" / "counterpart.md", "experiments.counterpart.page", blocks)

if __name__ == "__main__":
    sys.exit(PAGE.main())
