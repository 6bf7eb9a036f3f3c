"""Tables 1 to 7 of the thesis, with our runs beside its numbers."""

from __future__ import annotations

import dataclasses

from dirv_tf.report.document import Section, Table
from dirv_tf.report.run_table import EXPLANATION, missing_row, run_rows
from experiments.reproduction.thesis_table import thesis_reference, thesis_rows

_SUBJECTS = {
    "1": "networks of several shapes on chessboards of 64²",
    "2": "affine fields, non-rigid fields, smaller cells",
    "3": "chessboards of 128²",
    "4": "trained on patches of chessboards, tested on whole ones",
    "5": "tissue, trained on patches",
    "6": "volumes of 64³",
    "7": "trained on patches of volumes, tested on volumes of 128³",
}
_QUOTED = (
    "The column \"reference\" quotes the thesis, which averages over the levels. A row marked \"not run\" waits for "
    "somebody to run it."
)


def thesis_sections(runs):
    """Return a section per table of the thesis.

    Parameters
    ----------
    runs : list of RunRecord
        Runs that the thesis does not have go into one more section.

    Returns
    -------
    list of Section
    """
    tables = {}
    for row in thesis_rows():
        tables.setdefault(row["table"], {})[row["run"]] = None
    explanation = f"{EXPLANATION} {_QUOTED}"
    sections = [Section("How to read the tables", [explanation])]
    for table, names in tables.items():
        rows = [row for name in names for row in _rows(name, runs)]
        sections.append(Section(f"Table {table}: {_SUBJECTS[table]}", [Table(rows)]))
    known = {name for names in tables.values() for name in names}
    others = [run for run in runs if run.name not in known]
    if others:
        sections.append(Section("Other runs", [Table(run_rows(others))]))
    return sections


def _rows(name, runs):
    reference = thesis_reference(name)
    # A run written down before its file had a reference is compared all the same.
    found = [dataclasses.replace(run, reference=reference) for run in runs if run.name == name]
    return run_rows(found) or [missing_row(name, reference)]
