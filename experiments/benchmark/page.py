"""The documentation's tables of speed and memory, from the record: `python -m experiments.benchmark.page`.

The page holds prose around blocks between two marks each; the blocks alone are written. A test compares them with the
record.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from experiments.folders import CHECKOUT, RECORDS
from experiments.written_page import WrittenPage, measured_on

RECORD = RECORDS / "benchmark" / "benchmark.json"
_CANDIDATES = {"dirv_tf": "dirv_tf", "textbook": "plain", "VoxelMorph": "VoxelMorph", "demons": "demons"}
_SPEED = {
    "training step": "training step, 20 pairs of 64²",
    "peak memory": "its peak memory, 100 pairs",
    "inference 64²": "registration of 64²",
    "inference 256²": "registration of 256²",
    "inference 512²": "registration of 512²",
    "inference 1024²": "registration of 1024²",
    "inference 64², 20 pairs": "registration of 20 pairs of 64²",
}
_SETTINGS = {
    "dirv_tf": "float32",
    "dirv_tf, mixed_bfloat16": "`mixed_bfloat16`",
    "dirv_tf, units checkpointed": "`checkpoint_units`",
}


def blocks(path: Path = RECORD) -> dict[str, str]:
    """Return what lies between the marks of the page.

    Parameters
    ----------
    path : path
        The record of ``make benchmark``.

    Returns
    -------
    dict of str
        Markdown by the name of the block.
    """
    record = json.loads(path.read_text(encoding="utf-8"))
    rows = {(row["section"], row["name"]): row for row in record["rows"]}
    origin = (
        f"Medians of one run of {record['seconds'] / 60:.1f} minutes; {record['date'][:10]}, "
        f"{measured_on(record)}"
    )
    return {"speed": _speed(rows, origin), "parts": _parts(rows), "settings": _settings(rows)}


def _speed(rows, origin):
    lines = [f"| network of A-6 | {' | '.join(_CANDIDATES.values())} |", f"|---|{'---|' * len(_CANDIDATES)}"]
    for section, title in _SPEED.items():
        lines.append(f"| {title} | {' | '.join(_value(rows.get((section, name))) for name in _CANDIDATES)} |")
    for side in ("64²", "256²"):
        notes = [rows.get((f"inference {side}", name), {}).get("note", "") for name in _CANDIDATES]
        found = [note.split(",")[0].removeprefix("endpoint error ") for note in notes]
        lines.append(f"| endpoint error, {side} | {' | '.join(found)} |")
    return "\n".join([*lines, "", origin]) + "\n"


def _parts(rows):
    names = [name for section, name in rows if section == "parts, forward"]
    total = sum(row["value"]["median"] for (section, _), row in rows.items() if section.startswith("parts, "))
    lines = ["| part | forward, ms | backward, ms | share |", "|---|---|---|---|"]
    for name in names:
        both = [rows.get((f"parts, {way}", name)) for way in ("forward", "backward")]
        values = [0.0 if row is None else row["value"]["median"] for row in both]
        texts = ["" if row is None else f"{value:.1f}" for row, value in zip(both, values)]
        lines.append(f"| {name} | {' | '.join(texts)} | {100 * sum(values) / total:.0f} % |")
    whole = rows["sum and whole", "whole step"]["value"]["median"]
    return "\n".join([*lines, "", f"Sum of the parts {total:.0f} ms, whole step {whole:.0f} ms."]) + "\n"


def _settings(rows):
    lines = ["| | time of a step, 20 pairs of 64² | peak memory, 100 pairs |", "|---|---|---|"]
    for name, title in _SETTINGS.items():
        ratio = rows["training step", name]["ratio"]
        time = 1.0 if ratio is None else ratio["median"]
        lines.append(f"| {title} | {time:.2f} | {_value(rows['peak memory', name])} |")
    return "\n".join(lines) + "\n"


def _value(row):
    if row is None:
        return ""
    median = row["value"]["median"]
    if row["unit"] == "ms" and median >= 1000:
        return f"{median / 1000:.1f} s"
    return f"{median:,.{0 if median >= 20 else 1}f} {row['unit']}"


PAGE = WrittenPage(CHECKOUT / "docs" / "performance.md", "experiments.benchmark.page", blocks)


if __name__ == "__main__":
    sys.exit(PAGE.main())
