"""The documentation's tables of the studies, from their records: `python -m experiments.studies.page`.

The page holds prose around blocks between two marks each; the blocks alone are written. A test compares them with the
records.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from dirv_tf.metrics.names import FINEST, REDUCTIONS
from dirv_tf.report.document import Table
from dirv_tf.report.markdown_text import table_lines
from dirv_tf.training.execution.environment import hardware_line
from experiments.comparison.summary import summary_table
from experiments.folders import CHECKOUT, RECORDS
from experiments.studies import velocity_maps
from experiments.studies.study import known_studies
from experiments.studies.table import differences
from experiments.written_page import WrittenPage

FOLDER = RECORDS / "ablations"


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
    origin = f"Scale {result['scale']}; {result['date'][:10]}, {hardware_line(result['hardware'])}."
    return "\n".join(table_lines(Table(rows, origin))) + "\n"


def _pair(row, suffix):
    return " / ".join(f"{row[metric.key + suffix]:.1f}" for metric in REDUCTIONS)


def blocks(folder: Path = FOLDER) -> dict[str, str]:
    """Return what lies between the marks of the page: a table per study, that of maps, and the classical methods."""
    tables = {name: study_table(folder / f"{name}.json") for name in known_studies()}
    maps = json.loads((RECORDS / "velocity_maps" / velocity_maps.RECORD_NAME).read_text(encoding="utf-8"))
    return {**tables, "velocity_maps": velocity_maps.table(maps), "classical": summary_table()}


PAGE = WrittenPage(CHECKOUT / "docs" / "ablations.md", "experiments.studies.page", blocks)


if __name__ == "__main__":
    sys.exit(PAGE.main())
