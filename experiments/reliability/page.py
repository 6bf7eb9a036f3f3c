"""The documentation's page of reliability, written from its records: `python -m experiments.reliability.page`.

The page holds prose around blocks between two marks each; the blocks alone are written. A test compares them with the
records.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from experiments.folders import CHECKOUT, RECORDS
from experiments.reliability import curves, fuzz, nearly_identical, promises
from experiments.written_page import WrittenPage, measured_on

_COLUMNS = ("files of", "damaged", "read", "refused", "anything else", "slowest", "more memory")


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
    folder = results / "reliability"
    written = {
        name: made(json.loads((folder / module.RECORD_NAME).read_text(encoding="utf-8")))
        for name, module, made in (
            ("fuzz", fuzz, _fuzz),
            ("nearly identical", nearly_identical, nearly_identical_table),
            ("curves", curves, curves_table),
        )
    }
    return {"promises": promises.table(results), **written}


def _fuzz(record):
    readers = record["readers"].values()
    total = sum(row["mutations"] for row in readers)
    lines = [
        f"{total:,} damaged files, seed {record['seed']}; at most {record['seconds_per_file']} s and "
        f"{record['memory_per_file'] // 2**20:,} MiB each; {record['date'][:10]}, "
        + measured_on(record, readers),
        "",
        f"| {' | '.join(_COLUMNS)} |",
        f"|{'---|' * len(_COLUMNS)}",
    ]
    for row in readers:
        cells = (
            row["title"], f"{row['mutations']:,}", f"{row['values']:,}", f"{row['errors']:,}",
            f"{len(row['undocumented']):,}", f"{row['slowest_seconds']:.2f} s", f"{row['memory_mib']:.0f} MiB",
        )  # fmt: skip
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def curves_table(record: dict) -> str:
    """Return the table of `curves.json` in Markdown, with a line break at the end."""
    stacks = record["stacks"]
    names = [f"TensorFlow {stack['versions']['tensorflow']}" for stack in stacks]
    machines = "; ".join(dict.fromkeys(measured_on(stack).split(", TensorFlow")[0] for stack in stacks))
    lines = [
        f"{record['steps']} steps with Adam, {' and '.join(names)}. {machines}. {len(record['faults'])} faults.",
        "",
        "| family | loss of the last stage, its first epoch | its last | "
        + " | ".join(f"again on {name}: largest relative difference" for name in names)
        + " | between the stacks |",
        f"|{'---|' * (4 + len(names))}",
    ]
    for kind in stacks[0]["families"]:
        losses = curves.of_the_last_stage(kind, stacks[0]["families"][kind]["curves"]["loss"])
        repeated = [f"{stack['families'][kind]['repeated']:.1e}" for stack in stacks]
        cells = (kind, f"{losses[0]:.4g}", f"{losses[-1]:.4g}", *repeated, f"{curves.between_stacks(stacks, kind):.1e}")
        lines.append(f"| {' | '.join(cells)} |".replace(" 0.0e+00 ", " 0 "))
    return "\n".join(lines) + "\n"


def nearly_identical_table(record: dict) -> str:
    """Return the table of `nearly_identical.json` in Markdown, with a line break at the end."""
    lines = [
        f"Two images of {record['side']} × {record['side']} pixels. {len(record['faults'])} faults. "
        f"{measured_on(record)}",
        "",
        "| noise, share of full scale | registrations by networks | stayed by the noise floor | by the rule | largest "
        "displacement of the others | without a network |",
        "|---|---|---|---|---|---|",
    ]
    for difference in nearly_identical.DIFFERENCES:
        rows = [row for row in record["rows"] if row["difference"] == difference]
        networks = [row for row in rows if row["model"] != nearly_identical.WITHOUT]
        others = [row["largest_displacement"] for row in rows if row not in networks]
        moved = [row["largest_displacement"] for row in networks if not row["stayed"]]
        cells = (
            f"{difference:.0e}", len(networks), *(sum(row["by"] == by for row in networks) for by in ("floor", "rule")),
            f"{max(moved):.2g} px" if moved else "–", f"{max(others):.1g} px",
        )  # fmt: skip
        lines.append(f"| {' | '.join(map(str, cells))} |")
    return "\n".join(lines) + "\n"


PAGE = WrittenPage(CHECKOUT / "docs" / "reliability.md", "experiments.reliability.page", blocks)


if __name__ == "__main__":
    sys.exit(PAGE.main())
