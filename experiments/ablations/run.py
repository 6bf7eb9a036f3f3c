"""One study from start to end: every member's run, then the table of them all."""

from __future__ import annotations

import datetime
from pathlib import Path

from dirv_tf.figures.canvas import save_figure
from dirv_tf.io.atomic_write import write_json, write_text
from dirv_tf.training.environment import hardware, versions
from experiments.ablations.member_run import carry_out
from experiments.ablations.picture import study_figure
from experiments.ablations.table import markdown, text_lines


def carry_out_study(study, scale, folder, overrides=None, report=print):
    """Carry out a study and write its result as JSON, Markdown and picture.

    Parameters
    ----------
    study : Study
    scale : str
        A key of `SCALES`.
    folder : str or Path
        Gets `members/`, one run's folder each, which other studies share, and the result's three files.
    overrides : dict or None
        Further settings of every member, by dotted keys.
    report : callable
        Says a line of text.

    Returns
    -------
    dict
        What the JSON file holds.

    Raises
    ------
    ConfigError, TrainingInterrupted, TrainingDiverged, CheckpointError
        As a member's run does; those that are finished are kept, and the next call goes on.
    """
    folder = Path(folder)
    report(f"Study {study.name}, {scale}: {study.question}")
    rows = []
    for number, member in enumerate(study.members, start=1):
        report(f"[{number}/{len(study.members)}] {member.name}: {member.what}")
        rows.append(carry_out(member, scale, folder / "members", overrides, report))
    result = {
        "study": study.name,
        "title": study.title,
        "question": study.question,
        "reference": study.reference,
        "scale": scale,
        "members": rows,
        "date": datetime.datetime.now().astimezone().isoformat(timespec="seconds"),
        "versions": versions(),
        "hardware": hardware(),
    }
    for line in text_lines(result):
        report(line)
    save_figure(study_figure(result), folder / f"{study.name}.png")
    write_text(folder / f"{study.name}.md", markdown(result))
    write_json(folder / f"{study.name}.json", result)
    report(f"Written: {folder}/{study.name}.md, .json and .png")
    return result
