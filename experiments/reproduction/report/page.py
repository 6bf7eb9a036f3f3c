"""Puts the page about the reproduction of the thesis together."""

from __future__ import annotations

from pathlib import Path

from dirv_tf.io.output_paths import check_output_folder
from dirv_tf.report import find_runs
from dirv_tf.report.document import Document, Section
from dirv_tf.report.page import write_document
from dirv_tf.report.run_sections import run_sections
from experiments.reproduction.report.ablation_section import ablation_section
from experiments.reproduction.report.classical_section import classical_section
from experiments.reproduction.report.error_section import TITLE as ERROR_TITLE
from experiments.reproduction.report.error_section import error_section
from experiments.reproduction.report.interpolation_section import interpolation_section
from experiments.reproduction.report.records import BrokenRecord
from experiments.reproduction.report.refinement_section import refinement_section
from experiments.reproduction.report.thesis_sections import thesis_sections

_INTRODUCTION = (
    "An independent implementation of DIRV-Net beside the thesis's own numbers. Every number here was written down by "
    "a run that was carried out; nothing is estimated, and what was not run says so."
)


def write_reproduction(results, output, pictures=True, say=print):
    """Write the page.

    Parameters
    ----------
    results : path
        Folder with the folders of runs and, where there are any, `refinement`, `error_analysis`, `ablations` and
        `classical`.
    output : path
        Folder for `index.html`, `report.md` and `pictures/`.
    pictures : bool
        Whether to draw anything.
    say : callable
        Says a line of text.

    Returns
    -------
    tuple of (Path, list of str)
        The HTML page, and what was wrong with records that it could not show.

    Raises
    ------
    FileNotFoundError
        When there is no run in the folder.
    ValueError
        When a file of a run is damaged.
    """
    check_output_folder(output)
    results, broken = Path(results), []
    runs = find_runs([results])

    def section(make, source):
        try:
            return make(source)
        except BrokenRecord as error:
            broken.append(str(error))
            return Section(_TITLES[make], [f"This section is missing. {error}"])

    sections = [
        *thesis_sections(runs),
        section(refinement_section, results / "refinement"),
        interpolation_section(pictures),
        section(error_section, results / "error_analysis" / "error_analysis.json"),
        section(ablation_section, results / "ablations"),
        section(classical_section, results / "classical" / "classical.json"),
        Section("The runs", run_sections(runs, pictures, say)),
    ]
    return write_document(Document("DIRV-Net: the thesis and dirv_tf", _INTRODUCTION, sections), output), broken


_TITLES = {
    refinement_section: "Recurrent refinement",
    error_section: ERROR_TITLE,
    ablation_section: "Ablations",
    classical_section: "Classical methods",
}
