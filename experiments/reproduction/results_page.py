"""The documentation's tables of runs and of the own call: `python -m experiments.reproduction.results_page`.

The page holds prose around a block between two marks; the block alone is written. A test compares it with the records.
"""

from __future__ import annotations

import sys
from pathlib import Path

from dirv_tf.report import find_runs
from dirv_tf.report.document import Table
from dirv_tf.report.markdown_text import table_lines
from experiments.comparison.summary import one_call_table, summary_table
from experiments.folders import CHECKOUT, RECORDS
from experiments.reproduction.open_runs import open_runs_table
from experiments.reproduction.report.thesis_sections import table_sections
from experiments.written_page import WrittenPage


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


PAGE = WrittenPage(
    CHECKOUT / "docs" / "results.md",
    "experiments.reproduction.results_page",
    lambda: {
        "runs": runs_tables(),
        "open runs": open_runs_table(),
        "classical": summary_table(),
        "one call": one_call_table(),
    },
)


if __name__ == "__main__":
    sys.exit(PAGE.main())
