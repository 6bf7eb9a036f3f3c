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
    record, real = (
        json.loads((results / folder / RECORD).read_text(encoding="utf-8")) for folder in ("annotations", "real")
    )
    untrained = next(row["summary"] for row in real["methods"] if row["name"] == "register-default")
    dice = {member["name"]: member["dice"] for member in record["members"]}
    gain = 100 * (dice["labels"] - dice["unsupervised"])
    sentence = (
        f"With labels the mean Dice coefficient is {abs(gain):.1f} points {'higher' if gain > 0 else 'lower'}. "
        "One training each, with one seed; *in training* is the mean over the training pairs in the last epoch. "
        "The same pairs, registered by `dirv_tf.register(fixed, moving)` without any training: "
        f"{untrained['dice_mean']:.3f} ([Real pairs](real_pairs.md))."
    )
    return {"annotations": f"{markdown(record)}\n{sentence}\n"}


PAGE = WrittenPage(CHECKOUT / "docs" / "annotations.md", "experiments.annotations.page", blocks)

if __name__ == "__main__":
    sys.exit(PAGE.main())
