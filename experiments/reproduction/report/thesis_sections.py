"""Tables 1 to 7 of the thesis, with our runs beside its numbers."""

from __future__ import annotations

from dirv_tf.report.document import Section, Table
from dirv_tf.report.run_record import RunRecord
from experiments.reproduction.comparison_rows import result_rows, setting_rows
from experiments.reproduction.run_lineage import Lineage
from experiments.reproduction.thesis_table import thesis_rows

_SUBJECTS = {
    "1": "networks of several shapes on chessboards of 64²",
    "2": "affine fields, non-rigid fields, smaller cells",
    "3": "chessboards of 128²",
    "4": "trained on patches of chessboards, tested on whole ones",
    "5": "tissue, trained on patches",
    "6": "volumes of 64³",
    "7": "trained on patches of volumes, tested on volumes of 128³",
}
OTHERS, JUDGES = "Other runs", "Networks that judge fields"
EXPLANATION = (
    "L_int (× 255) and L_dis (px) are means over the pyramid levels, before and after; ΔL is the share that "
    "was removed, in percent. Networks of different numbers of levels compare by the finest level alone. Rows "
    "\"in the thesis\" are quoted, with an asterisk where a number is a misprint or contradicts the others of "
    "its row; their errors before registration are computed from the error after and the share. \"Starts "
    "elsewhere\" names what was more than a tenth larger or smaller than in the thesis before anything was "
    "registered: such a row is another task and does not compare. max ‖D‖ and mean ‖D‖ are those of the true "
    "vectors at the control points, in pixels; of training pairs the records hold the mean alone, of all "
    "pixels. Training rows are means over the last epoch, during which the network still learns. \"Pairs seen\" "
    "counts patches as pairs; a run that began with the weights of another counts that one's training in. The "
    "time is that of training and test on the named machine, with other work beside it."
)


def thesis_sections(runs: list[RunRecord]) -> list[Section]:
    """Return how to read the tables, then a section per table of the thesis.

    Parameters
    ----------
    runs : list of RunRecord
        Runs that the thesis does not have go into one more section.

    Returns
    -------
    list of Section
    """
    explanation = f"{EXPLANATION} A row marked \"not run\" waits for somebody to run it."
    return [Section("How to read the tables", [explanation]), *table_sections(runs)]


def table_sections(runs: list[RunRecord]) -> list[Section]:
    """Return a section per table of the thesis, and one for the other runs: results on both kinds of pairs, settings.

    Networks that judge fields register nothing: one more section has the settings of their runs alone.

    Parameters
    ----------
    runs : list of RunRecord

    Returns
    -------
    list of Section
    """
    lineage, tables = Lineage(runs), {}
    for row in thesis_rows():
        tables.setdefault(row["table"], {})[row["run"]] = None
    sections = [_section(f"Table {table}: {_SUBJECTS[table]}", names, runs, lineage) for table, names in tables.items()]
    known = {name for names in tables.values() for name in names}
    rest = [run for run in runs if run.name not in known]
    judges = [run for run in rest if run.config["training"].get("given_fields") is not None]
    others = dict.fromkeys(run.name for run in rest if run not in judges)
    if others:
        sections.append(_section(OTHERS, others, runs, lineage))
    if judges:
        text = "They register nothing. What their predictions are worth stands in docs/uncertainty.md. Settings:"
        rows = [row for run in judges for row in setting_rows(run.name, [run], lineage)]
        sections.append(Section(JUDGES, [text, Table(rows)]))
    return sections


def _section(title, names, runs, lineage):
    found = {name: [run for run in runs if run.name == name] for name in names}
    blocks = []
    for heading, rows in (
        ("Unseen test pairs", [row for name in names for row in result_rows(name, found[name], "test")]),
        ("Training pairs, last epoch", [row for name in names for row in result_rows(name, found[name], "train")]),
        ("Settings", [row for name in names for row in setting_rows(name, found[name], lineage)]),
    ):
        if rows:
            blocks += [f"{heading}:", Table(rows)]
    return Section(title, blocks)
