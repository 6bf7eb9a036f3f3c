"""The page of real pairs in the documentation, written from its records: `python -m experiments.comparison.real_page`.

The page holds prose around blocks between two marks each; the blocks alone are written. A test compares them with the
records.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from experiments.comparison.real.table import describe, methods_table, pairs_table
from experiments.comparison.robustness.table import variants_table
from experiments.folders import CHECKOUT, RECORDS

PAGE = CHECKOUT / "docs" / "real_pairs.md"
# In the page's order; a set that has no record yet has no table.
SETS = {
    "histology": "The 20 shipped pairs",
    "histology-1-poses": "The 20 shipped pairs in random poses",
    "histology-37": "37 pairs",
}
# The table of single pairs is for the set whose files everybody has.
_IN_FULL = "histology"


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
    return {"real": _real(results / "real"), "robustness": _robustness(results / "robustness" / "robustness.json")}


def _real(folder):
    parts = []
    for name, title in SETS.items():
        if not (folder / f"{name}.json").is_file():
            continue
        record = json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))
        parts += [f"### {title}", "", f"{describe(record)} {_machine(record)}", "", methods_table(record)]
        if name == _IN_FULL:
            parts += ["Median rTRE of every pair, × 1000; an asterisk where the verdict warns:", "", pairs_table(record)]
    return "\n".join(parts)


def _robustness(file):
    record = json.loads(file.read_text(encoding="utf-8"))
    size = "²" if len(set(record["size"])) == 1 else f" × {record['size'][1]}"
    what = f"{record['pairs']} pairs of {record['size'][0]}{size} pixels, network {record['network']}."
    return "\n".join([f"{what} {_machine(record)}", "", variants_table(record)])


def _machine(record):
    hardware = record["hardware"]
    cores = f"{hardware['cores']} core{'s' * (hardware['cores'] > 1)}"
    return f"{cores}, {hardware['processor'].split('(')[0].strip()}, TensorFlow {record['versions']['tensorflow']}."


def marks(name: str) -> tuple[str, str]:
    """Return the lines that a block lies between."""
    return f"<!-- {name}: begin, written by experiments.comparison.real_page -->", f"<!-- {name}: end -->"


def written(page: str, texts: dict[str, str]) -> str:
    """Return a page with other blocks between its marks.

    Raises
    ------
    ValueError
        Where the page lacks a mark.
    """
    for name, text in texts.items():
        begin, end = marks(name)
        before, found, rest = page.partition(begin)
        _, closed, after = rest.partition(end)
        if not found or not closed:
            raise ValueError(f"Expected a page with the marks {begin} and {end}. Received: {len(page)} characters")
        page = f"{before}{begin}\n\n{text}\n{end}{after}"
    return page


def main(arguments: list[str] | None = None) -> int:
    """Write the blocks into the page, or say with --check whether they are up to date; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m experiments.comparison.real_page", description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; exit status 1 where the page is stale")
    options = parser.parse_args(arguments)
    page = PAGE.read_text(encoding="utf-8")
    renewed = written(page, blocks())
    if options.check:
        print(f"{PAGE.relative_to(CHECKOUT)}: {'up to date' if renewed == page else 'stale'}")
        return int(renewed != page)
    PAGE.write_text(renewed, encoding="utf-8")
    print(f"Written: {PAGE.relative_to(CHECKOUT)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
