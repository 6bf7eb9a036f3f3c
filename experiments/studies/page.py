"""The documentation's tables of the studies, from their records: `python -m experiments.studies.page`.

The pages hold prose around blocks between two marks each; the blocks alone are written. A test compares them with the
records.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np

from dirv_tf.metrics.names import FINEST, REDUCTIONS
from dirv_tf.report.document import Table
from dirv_tf.report.markdown_text import table_lines
from experiments.comparison.summary import summary_table
from experiments.folders import CHECKOUT, RECORDS
from experiments.studies import maps
from experiments.studies.study import known_studies, read_study
from experiments.studies.table import differences, when_and_where
from experiments.written_page import WrittenPage

FOLDER, MAPS = RECORDS / "ablations", RECORDS / "maps"


def study_table(path: Path) -> str:
    """Return the table of a study's record in Markdown, and where it was measured.

    Parameters
    ----------
    path : path
        The study's JSON file.

    Returns
    -------
    str
        One row per member: shares on the finest level, and, of networks of several levels, the means of the levels.
    """
    result = json.loads(path.read_text(encoding="utf-8"))
    labels = " / ".join(metric.label for metric in REDUCTIONS)
    rows = []
    for row, (intensity, displacement) in zip(result["members"], differences(result)):
        compared = "–" if row["name"] == result["reference"] else f"{intensity:+.1f} / {displacement:+.1f}"
        finest, mean = (_pair(row, suffix) for suffix in (FINEST, ""))
        rows.append({
            "member": f"`{row['name']}`", f"finest {labels}": finest, "difference": compared,
            "mean of levels": "" if mean == finest else mean, "what": row["what"],
        })
    origin = f"Scale {result['scale']}; {when_and_where(result['members'])}."
    return "\n".join(table_lines(Table(rows, origin))) + "\n"


def seeds_table(path: Path) -> str:
    """Return the table of a study whose members were trained with several seeds, and where it was measured.

    Parameters
    ----------
    path : path
        The study's JSON file.

    Returns
    -------
    str
        One row per member: means over its seeds on the finest level, and what it brings beside the member that it is
        compared with, seed by seed.
    """
    result = json.loads(path.read_text(encoding="utf-8"))
    members, gains = {}, {}
    for row, gained in zip(result["members"], differences(result)):
        name = row.get("of", row["name"])
        members.setdefault(name, []).append(row)
        gains.setdefault(name, []).append(gained)
    references = {result["reference"], *(row["against"] for row in result["members"] if "against" in row)}
    labels, rows = " / ".join(metric.label for metric in REDUCTIONS), []
    for name, seeds in members.items():
        finest = _both(np.mean([[row[metric.key + FINEST] for metric in REDUCTIONS] for row in seeds], axis=0), ".1f")
        cells = {"difference": "–", f"of {REDUCTIONS[1].label}, by seed": ""}
        if name not in references:
            by_seed = ", ".join(f"{displacement:+.1f}" for _, displacement in gains[name])
            cells = dict(zip(cells, (_both(np.mean(gains[name], axis=0), "+.1f"), by_seed)))
        rows.append({"member": f"`{name}`", f"finest {labels}": finest, **cells, "what": seeds[0]["what"]})
    origin = f"Means of {max(map(len, members.values()))} seeds. Scale {result['scale']}; "
    origin += f"{when_and_where(result['members'])}.{_not_run(result)}"
    return "\n".join(table_lines(Table(rows, origin))) + "\n"


def _not_run(result):
    return f" Not run yet: {', '.join(f'`{name}`' for name in result['missing'])}." if result["missing"] else ""


def _both(values, form):
    return " / ".join(f"{value:{form}}" for value in values)


def _pair(row, suffix):
    return " / ".join(f"{row[metric.key + suffix]:.1f}" for metric in REDUCTIONS)


def family_table(study_path: Path, maps_path: Path) -> str:
    """Return accuracy and maps of a study of one family in Markdown, and where it was measured.

    Parameters
    ----------
    study_path, maps_path : path
        The study's JSON file, and that of `experiments.studies.maps`.

    Returns
    -------
    str
        One row per member.
    """
    result, of_maps = (json.loads(path.read_text(encoding="utf-8")) for path in (study_path, maps_path))
    measured = {row["name"]: row for row in of_maps["rows"]}
    labels, rows = " / ".join(metric.label for metric in REDUCTIONS), []
    for row in result["members"]:
        member = measured[row["name"]]
        rows.append({
            "member": f"`{row['name']}`", "what": row["what"], labels: _pair(row, FINEST),
            f"{REDUCTIONS[1].label} after every step": _steps(member),
            "folded %": f"{member['folded_percent']:.3f}", "there and back, px": f"{member['there_and_back']:.2f}",
        })  # fmt: skip
    origin = f"Scale {result['scale']}; {when_and_where(result['members'])}. Steps, folds and there and back: "
    origin += maps.origin(of_maps) + _not_run(result)
    return "\n".join(table_lines(Table(rows, origin))) + "\n"


def _steps(member):
    """Return what every step leaves; a network of one stage has none."""
    return ", ".join(f"{each:.1f}" for each in member["steps"]) if "steps" in member else "–"


def studies_of(page: str) -> list[str]:
    """Return the names of the studies that a page of `study.PAGES` shows."""
    return [name for name in known_studies() if read_study(name).page == page]


def blocks(folder: Path = FOLDER) -> dict[str, str]:
    """Return what lies between the marks of the page: a table per study, that of maps, and the classical methods."""
    tables = {name: _table(name)(folder / f"{name}.json") for name in studies_of("ablations")}
    of_maps = json.loads((MAPS / "velocities.json").read_text(encoding="utf-8"))
    return {**tables, "velocity_maps": maps.table(of_maps), "classical": summary_table()}


def _table(name):
    return seeds_table if any(member.of for member in read_study(name).members) else study_table


def family_blocks(folder: Path = FOLDER) -> dict[str, str]:
    """Return what lies between the marks of the page of the families: a table per study of one of them."""
    return {name: family_table(folder / f"{name}.json", MAPS / f"{name}.json") for name in studies_of("networks")}


PAGE = WrittenPage(CHECKOUT / "docs" / "ablations.md", "experiments.studies.page", blocks)
FAMILIES = WrittenPage(CHECKOUT / "docs" / "networks.md", "experiments.studies.page", family_blocks)


def main(arguments: list[str] | None = None) -> int:
    """Write both pages, or say with --check whether they are up to date; return the exit status."""
    return max(page.main(arguments) for page in (PAGE, FAMILIES))


if __name__ == "__main__":
    sys.exit(main())
