"""The record as a table, on the terminal and as Markdown."""

from __future__ import annotations

from dirv_tf.metrics.names import METRIC_NAMES
from experiments.written_page import measured_on

_DICE = METRIC_NAMES["dice"].label
COLUMNS = (
    "trained by", f"{_DICE}, mean", "part 1", "part 2", "applied twice", "in training", "folded %", "parameters",
    "steps", "processor time", "by the clock",
)


def rows(record: dict) -> list[list[str]]:
    """Return the texts below `COLUMNS`: the pairs as they are, then every member."""
    members = record["members"]
    found = [["nothing: the pairs as they are", f"{members[0]['dice_before']:.3f}", *[""] * (len(COLUMNS) - 2)]]
    for member in members:
        keys = ("dice", "dice_label1", "dice_label2", "dice_twice", "training_dice")
        # Older members were not measured twice.
        dice = (f"{member[key]:.3f}" if key in member else "" for key in keys)
        processor = member["processor_seconds"]
        times = ["" if each is None else f"{each / 60:.0f} min" for each in (processor, member["seconds"])]
        size = (f"{member[key]:,}" for key in ("parameters", "steps"))
        found.append([member["what"], *dice, f"{member['folded_percent']:.3f}", *size, *times])
    return found


def markdown(record: dict) -> str:
    """Return the record as Markdown."""
    parts = [member for member in record["members"] if "hardware" in member]
    lines = [
        f"Trained on {record['training_pairs']} ordered pairs of {len(record['trained_on'])} people, tested on "
        f"{record['members'][0]['test_pairs']} of {len(record['tested_on'])} others. {measured_on(record, parts)}",
        "",
        f"| {' | '.join(COLUMNS)} |",
        f"|{'---|' * len(COLUMNS)}",
        *(f"| {' | '.join(row)} |" for row in rows(record)),
    ]
    return "\n".join(lines) + "\n"


def text_lines(record: dict) -> list[str]:
    """Return the record for the terminal."""
    table = [list(COLUMNS), *rows(record)]
    widths = [max(len(row[column]) for row in table) for column in range(len(COLUMNS))]
    return ["  ".join([row[0].ljust(widths[0]), *map(str.rjust, row[1:], widths[1:])]) for row in table]
