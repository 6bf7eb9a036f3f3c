"""The table of docs/annotations.md, written from its record: `python -m experiments.annotations.page`."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np

from experiments.annotations.landmarks import RECORD as LANDMARKS
from experiments.annotations.landmarks import markdown as landmark_table
from experiments.annotations.members import person_of
from experiments.annotations.pair_scores import mean_dice
from experiments.annotations.run import RECORD
from experiments.annotations.table import markdown
from experiments.folders import CHECKOUT, RECORDS
from experiments.written_page import WrittenPage, measured_on


def blocks(results: Path = RECORDS) -> dict[str, str]:
    """Return what lies between the marks of the page, by the name of the block."""
    record, real = (
        json.loads((results / folder / RECORD).read_text(encoding="utf-8")) for folder in ("annotations", "real")
    )
    members = {member["name"]: member for member in record["members"]}
    untrained, elastix = (
        next(row for row in real["methods"] if row["name"] == name) for name in ("register-default", "elastix")
    )
    gain = 100 * (members["labels"]["dice"] - members["unsupervised"]["dice"])
    sentence = (
        f"With labels the mean Dice coefficient of the first network is {abs(gain):.1f} points "
        f"{'higher' if gain > 0 else 'lower'}. One training each, with one seed. *In training*: the mean over the "
        "training pairs, unchanged, with the final weights; where *applied twice* is empty, in the last epoch. "
        "*Applied twice*: "
        "the network registers once more what it registered, and both fields are composed. "
        "The same pairs, registered by `dirv_tf.register(fixed, moving)` without any training: "
        f"{untrained['summary']['dice_mean']:.3f}, by elastix {elastix['summary']['dice_mean']:.3f} "
        "([Real pairs](real_pairs.md))."
    )
    sentence += _bias(members)
    sentence += "".join(f" {member['note']}" for member in record["members"] if "note" in member)
    found = {"annotations": f"{markdown(record)}\n{sentence}\n"}
    best = max((each for each in record["members"] if "pairs" in each), key=lambda each: each["dice"], default=None)
    if best is not None:
        found["annotations"] += f"\n{_people(best, record['tested_on'], untrained)}"
    landmarks = json.loads((results / "annotations" / LANDMARKS).read_text(encoding="utf-8"))
    return {**found, "landmarks": _landmarks(landmarks)}


def _bias(members):
    """Say what a label of part 1 is worth to part 2, which was not learned."""
    if "one-label" not in members:
        return ""
    names = ("unsupervised", "one-label", "labels")
    alone, one, both = (100 * members[name]["dice_label2"] for name in names)
    first = 100 * (members["one-label"]["dice_label1"] - members["unsupervised"]["dice_label1"])
    boxes = 100 * (members["boxes"]["dice"] - members["unsupervised"]["dice"])
    return (
        f" The label of part 1 alone changes part 1 by {first:+.1f} points and part 2, which is not learned, by "
        f"{one - alone:+.1f}; both labels change part 2 by {both - alone:+.1f}. Boxes in place of labels change the "
        f"mean by {boxes:+.1f} points."
    )


def _landmarks(record):
    """Return the block of the sections: the table, and what landmarks change."""
    parts = []
    for tissue, members in record["tests"].items():
        without, with_them = (float(np.mean(members[name]["test"])) for name in ("unsupervised", "landmarks"))
        parts.append(f"trained on the {tissue.split('_')[1]} {100 * (with_them / without - 1):+.0f} %")
    return (
        f"Ten pairs of stains per tissue, reduced to {record['side']} pixels along the longer side, in both directions "
        f"for the training. {measured_on(record)}\n\n{landmark_table(record)}\n"
        f"Landmarks in training change the mean of the median rTRE on the other tissue: {', '.join(parts)}. One "
        "training each, with one seed.\n"
    )


def _people(member, tested, untrained):
    """Return the mean Dice coefficients of the pairs that each person is in, by the best member and without one."""
    lines = [
        f"The ten pairs that each person is in, mean Dice: as they are, by `register` without any training, and by the "
        f"best network above ({member['what']}).",
        "",
        "| person | as they are | `register` | the network | applied twice |",
        "|---|---|---|---|---|",
    ]
    for person in tested:
        ours = [mean_dice(member["pairs"], name, person) for name in ("before", "once", "twice")]
        theirs = [pair["dice"] for pair in untrained["pairs"] if person in map(person_of, pair["name"].split(" | "))]
        values = [ours[0], sum(theirs) / len(theirs), *ours[1:]]
        lines.append(f"| {person} | {' | '.join(f'{value:.3f}' for value in values)} |")
    hardest = min(tested, key=lambda person: mean_dice(member["pairs"], "once", person))
    others = [pair for pair in member["pairs"] if hardest not in (person_of(pair["fixed"]), person_of(pair["moving"]))]
    once, twice = (mean_dice(others, name) for name in ("once", "twice"))
    lines += ["", f"The {len(others)} pairs without {hardest}: {once:.3f}, and {twice:.3f} applied twice."]
    return "\n".join(lines) + "\n"


PAGE = WrittenPage(CHECKOUT / "docs" / "annotations.md", "experiments.annotations.page", blocks)

if __name__ == "__main__":
    sys.exit(PAGE.main())
