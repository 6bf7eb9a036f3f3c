"""One study from start to end: every member's run, then the table of them all."""

from __future__ import annotations

import datetime

from dirv_tf.figures.canvas import save_figure
from dirv_tf.io.atomic_write import write_json, write_text
from dirv_tf.io.output_paths import check_output_folder
from dirv_tf.training.execution.environment import versions
from dirv_tf.validation import ConfigError
from experiments.studies.member_run import carry_out
from experiments.studies.picture import study_figure
from experiments.studies.table import markdown, text_lines


def carry_out_study(study, scale, folder, overrides=None, report=print, train=True):
    """Carry out a study and write its result as JSON, Markdown and picture.

    Parameters
    ----------
    study : Study
    scale : str
        A key of `SCALES`.
    folder : str or Path
        Gets `members/`, one run's folder each, which other studies share, and the result's three files, which are
        written anew after every member.
    overrides : dict or None
        Further settings of every member, by dotted keys.
    report : callable
        Says a line of text.
    train : bool
        False: members that are not finished are left out, and the result names them.

    Returns
    -------
    dict
        What the JSON file holds.

    Raises
    ------
    ConfigError
        As a member's run does, and where nothing is to be trained and the reference is not finished.
    TrainingInterrupted, TrainingDiverged, CheckpointError
        As a member's run does; those that are finished are kept, and the next call goes on.
    """
    folder = check_output_folder(folder)
    report(f"Study {study.name}, {scale}: {study.question}")
    # The reference first, because without it there is nothing to compare.
    members = sorted(study.members, key=lambda member: member.name != study.reference)
    if not train:
        members = [member for member in members if (folder / "members" / member.name / "metrics.json").is_file()]
        if not members or members[0].name != study.reference:
            raise ConfigError(
                f"Expected at least a finished run of '{study.reference}'. Received: {folder / 'members'}"
            )
    rows = []
    for number, member in enumerate(members, start=1):
        report(f"[{number}/{len(members)}] {member.name}: {member.what}")
        rows.append(carry_out(member, scale, folder / "members", overrides, report))
        result = _write(study, scale, rows, folder)
    for line in text_lines(result):
        report(line)
    if result["missing"]:
        report(f"Not run yet: {', '.join(result['missing'])}")
    report(f"Written: {folder}/{study.name}.md, .json and .png")
    return result


def _write(study, scale, rows, folder):
    done = {row["name"]: row for row in rows}
    result = {
        "study": study.name,
        "title": study.title,
        "question": study.question,
        "reference": study.reference,
        "scale": scale,
        "members": [done[member.name] for member in study.members if member.name in done],
        "missing": [member.name for member in study.members if member.name not in done],
        "date": datetime.datetime.now().astimezone().isoformat(timespec="seconds"),
        "versions": versions(),
    }
    save_figure(study_figure(result), folder / f"{study.name}.png")
    write_text(folder / f"{study.name}.md", markdown(result))
    write_json(folder / f"{study.name}.json", result)
    return result
