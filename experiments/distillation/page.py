"""The tables of docs/distillation.md, written from their record: `python -m experiments.distillation.page`."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from dirv_tf.metrics.names import METRIC_NAMES
from experiments.distillation.members import TARGETS
from experiments.distillation.run import RECORD, by_size_and_target
from experiments.folders import CHECKOUT, RECORDS
from experiments.written_page import WrittenPage, measured_on

_SHOWN = [METRIC_NAMES[key].heading for key in ("dl_dis", "dl_int", "folded_percent")]
_COLUMNS = ("network", "learned from", *_SHOWN, "ms per pair", "processor time to train")
_TITLES = {"chessboards-64": "Chessboards", "tissue-64": "Tissue"}


def blocks(results: Path = RECORDS) -> dict[str, str]:
    """Return what lies between the marks of the page, by the name of the block."""
    record = json.loads((results / "distillation" / RECORD).read_text(encoding="utf-8"))
    size = " x ".join(map(str, record["size"]))
    parts = [
        f"{record['training_pairs']:,} pairs of {size} pixels, {record['epochs']} epochs, {record['steps']:,} steps of "
        f"{record['batch_size']} pairs, one training each, with one seed. The teacher's fields of these pairs took "
        f"{record['teacher_seconds'] / 60:.0f} min of processor time, once for all three networks. {record['pairs']} "
        f"unseen pairs per kind. ms per pair: processor time. {measured_on(record)}\n"
    ]
    for test, what in record["tests"].items():
        parts.append(f"{_TITLES.get(test, test)} ({what}):\n\n{_table(record, test)}")
    parts.append(_sentence(record))
    return {"distillation": "\n".join(parts)}


def _table(record, test):
    lines = [f"| {' | '.join(_COLUMNS)} |", f"|{'---|' * len(_COLUMNS)}"]
    for row in record["rows"]:
        if "size" in row:
            continue
        lines.append(_line(row["what"], "", row["tests"][test], ""))
    for (size, target), row in by_size_and_target(record).items():
        seconds = row["processor_seconds"]
        network = f"{size}, {row['parameters']:,} parameters"
        lines.append(_line(network, TARGETS[target], row["tests"][test], f"{seconds / 60:.1f} min"))
    return "\n".join(lines) + "\n"


def _line(network, learned, measured, seconds):
    cells = (
        network, learned, f"{measured['dl_dis_finest']:.1f}", f"{measured['dl_int_finest']:.1f}",
        f"{measured['folded_percent']:.3f}", f"{1000 * measured['cpu_seconds_per_pair']:.0f}", seconds,
    )  # fmt: skip
    return f"| {' | '.join(cells)} |"


def _sentence(record):
    """Say what the targets are worth for the largest student, and how far it is from its teacher."""
    rows = by_size_and_target(record)
    size = next(size for size, _ in reversed(rows))
    teacher = next(row for row in record["rows"] if row["name"] == "teacher")
    parts = []
    for test in record["tests"]:
        reductions = [f"{rows[size, target]['tests'][test]['dl_dis_finest']:.1f} ({what})"
                      for target, what in TARGETS.items() if (size, target) in rows]
        parts.append(f"{_TITLES.get(test, test).lower()}: {', '.join(reductions)}, the teacher itself "
                     f"{teacher['tests'][test]['dl_dis_finest']:.1f}")
    return f"{METRIC_NAMES['dl_dis'].label} of the {size} network on {'; on '.join(parts)}.\n"


PAGE = WrittenPage(CHECKOUT / "docs" / "distillation.md", "experiments.distillation.page", blocks)

if __name__ == "__main__":
    sys.exit(PAGE.main())
