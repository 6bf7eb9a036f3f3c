"""The documentation's tables of runs and of the own call: `python -m experiments.reproduction.results_page`.

The page holds prose around a block between two marks; the block alone is written. A test compares it with the records.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from dirv_tf.metrics.names import FINEST, REDUCTIONS
from dirv_tf.report import find_runs
from dirv_tf.report.document import Table
from dirv_tf.report.markdown_text import table_lines
from dirv_tf.training.execution.environment import hardware_line
from experiments.comparison.summary import summary_table
from experiments.folders import CHECKOUT, RECORDS
from experiments.reproduction.report.thesis_sections import table_sections
from experiments.written_page import WrittenPage

# Records of the own call, later ones replacing sets of earlier ones.
ONE_CALL = RECORDS / "one_call"


def runs_tables(results: Path = RECORDS) -> str:
    """Return the tables of all committed runs in Markdown, a heading for each table of the thesis.

    Parameters
    ----------
    results : path
        The folder of the records.

    Returns
    -------
    str
        With a line break at the end.
    """
    lines = []
    for section in table_sections(find_runs([results])):
        lines += [f"### {section.title}", ""]
        for block in section.blocks:
            lines += [*(table_lines(block) if isinstance(block, Table) else [block]), ""]
    return "\n".join(lines)


def one_call_table(folder: Path = ONE_CALL) -> str:
    """Return the table of the library's own call beside the best networks alone, in Markdown.

    Parameters
    ----------
    folder : path
        With folders of ``python -m experiments.comparison --without-classical``. A later record replaces the sets of an
        earlier one.

    Returns
    -------
    str
        One row per set of pairs, with the date, and the machines.
    """
    records = [json.loads(path.read_text(encoding="utf-8")) for path in folder.glob("*/classical.json")]
    records.sort(key=lambda record: record["date"])
    entries = {entry["name"]: (entry, record) for record in records for entry in record["sets"]}
    ways = ("best-2d / best-3d", "register, fast", "register")
    lines = [f"| pairs | {' | '.join(ways)} | date |", "|---|" + "---|" * (len(ways) + 1)]
    for entry, record in entries.values():
        rows = {row["name"]: row for row in entry["methods"]}
        network = next(rows[name] for name in ("best-2d", "best-3d") if name in rows)
        cells = [
            " / ".join(f"{row[metric.key + FINEST]:.1f}" for metric in REDUCTIONS)
            + f", {row['cpu_seconds_per_pair']:.2f} s"
            for row in (network, *(rows[name] for name in ways[1:]))
        ]
        lines.append(f"| {entry['pairs']}: {entry['what']} | {' | '.join(cells)} | {record['date'][:10]} |")
    machines = dict.fromkeys(hardware_line(record["hardware"]) for _, record in entries.values())
    return "\n".join([*lines, "", f"{'; '.join(machines)}."]) + "\n"


PAGE = WrittenPage(
    CHECKOUT / "docs" / "results.md",
    "experiments.reproduction.results_page",
    lambda: {"runs": runs_tables(), "classical": summary_table(), "one call": one_call_table()},
)


if __name__ == "__main__":
    sys.exit(PAGE.main())
