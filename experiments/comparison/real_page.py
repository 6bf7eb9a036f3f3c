"""The page of real pairs in the documentation, written from its records: `python -m experiments.comparison.real_page`.

The page holds prose around blocks between two marks each; the blocks alone are written. A test compares them with the
records.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from experiments.comparison.real.judges import judge_of
from experiments.comparison.real.table import describe, methods_table, pairs_table
from experiments.comparison.robustness.contrast import EXPLANATION, contrast_table
from experiments.comparison.robustness.table import variants_table
from experiments.folders import CHECKOUT, RECORDS
from experiments.written_page import WrittenPage, measured_on

# In the page's order; a set that has no record yet has no table.
SETS = {
    "histology": "The 20 shipped pairs",
    "histology-1-poses": "The 20 shipped pairs in random poses",
    "histology-37": "37 pairs",
    "hippocampus": "Hippocampus: 30 pairs of people, judged by labels",
    "lung_ct": "Chest CT: two phases of breathing, judged by intensities",
    "brain_slices": "Brain slices: 15 pairs of people, judged by intensities",
}
# The tables of single pairs are for the sets whose files everybody has.
_IN_FULL = ("histology", "hippocampus")


def blocks(results: Path = RECORDS) -> dict[str, str]:
    """Return what lies between the marks of the page.

    Parameters
    ----------
    results : path
        The folder of the records.

    Returns
    -------
    dict of str
        Markdown by the name of the block.
    """
    return {
        "real": _real(results / "real"),
        "robustness": _robustness(results / "robustness" / "robustness.json"),
        "contrast": _contrast(results / "contrast" / "contrast.json"),
    }


def _real(folder):
    parts = []
    for name, title in SETS.items():
        if not (folder / f"{name}.json").is_file():
            continue
        record = json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))
        machine = measured_on(record, record["methods"])
        parts += [f"### {title}", "", f"{describe(record)} {machine}", "", methods_table(record)]
        if name in _IN_FULL:
            sentence = f"{judge_of(record).pairs_title.replace(' x ', ' × ')}; an asterisk where the verdict warns:"
            parts += [sentence, "", pairs_table(record)]
    return "\n".join(parts)


def _robustness(file):
    record = json.loads(file.read_text(encoding="utf-8"))
    return "\n".join([f"{_pairs(record)} {measured_on(record)}", "", variants_table(record)])


def _contrast(file):
    record = json.loads(file.read_text(encoding="utf-8"))
    return "\n".join([f"{_pairs(record)} {EXPLANATION} {measured_on(record)}", "", contrast_table(record)])


def _pairs(record):
    size = "²" if len(set(record["size"])) == 1 else f" × {record['size'][1]}"
    return f"{record['pairs']} pairs of {record['size'][0]}{size} pixels, network {record['network']}."


PAGE = WrittenPage(CHECKOUT / "docs" / "real_pairs.md", "experiments.comparison.real_page", blocks)


if __name__ == "__main__":
    sys.exit(PAGE.main())
