"""Ablations, from the records in the results."""

from __future__ import annotations

from dirv_tf.metrics.names import FINEST, REDUCTIONS
from dirv_tf.report.document import Section, Table
from dirv_tf.training.execution.progress import duration
from experiments.reproduction.report.records import BrokenRecord, number, origin, read_record
from experiments.studies.study import known_studies, read_study

_KEYS = ("study", "title", "question", "reference", "date", "versions", "hardware")
_FINEST_KEYS = tuple(metric.key + FINEST for metric in REDUCTIONS)
_METRICS = (*(metric.key for metric in REDUCTIONS), *_FINEST_KEYS)
_MEMBER_KEYS = ("name", "what", *_METRICS, "seconds", "steps", "record")


def ablation_section(folder):
    """Return the section of all studies in a folder.

    Parameters
    ----------
    folder : Path
        Of JSON files, one per study; it need not exist.

    Returns
    -------
    Section

    Raises
    ------
    BrokenRecord
        When a record cannot be read or lacks something.
    """
    section = Section("Ablations", ["What each choice is worth: a study changes one thing and leaves the rest."])
    for path in sorted(folder.glob("*.json")):
        section.blocks.append(_study(path, read_record(path, _KEYS, "members", _MEMBER_KEYS)))
    if len(section.blocks) == 1:
        section.blocks.append("Not run yet.")
    return section


def _study(path, record):
    reference = next((member for member in record["members"] if member["name"] == record["reference"]), None)
    if reference is None:
        names = ", ".join(member["name"] for member in record["members"])
        raise BrokenRecord(
            f"Expected the reference {record['reference']!r} among the members. Received: {names} in {path}"
        )
    rows = [_row(member, reference) for member in record["members"]]
    caption = (
        f"{' / '.join(metric.label for metric in REDUCTIONS)} in percent; differences are on the finest level, to the "
        f"reference {record['reference']}. "
    )
    if record.get("scale") == "quick":
        caption += "A study in small: read the differences, not the levels. "
    caption += origin(record)
    # A record keeps the words of its day.
    title = read_study(record["study"]).title if record["study"] in known_studies() else record["title"]
    return Section(f"Ablation: {title}", [record["question"], Table(rows, caption)])


def _row(member, reference):
    changes = {}
    if member is not reference and None not in (member["dl_dis_finest"], reference["dl_dis_finest"]):
        changes = {key: member[key] - reference[key] for key in _FINEST_KEYS}
    return {
        "member": member["name"],
        "what": member["what"],
        "mean of levels": " / ".join(number(member[metric.key]) for metric in REDUCTIONS),
        "finest level": " / ".join(number(member[key]) for key in _FINEST_KEYS),
        "difference": " / ".join(number(value, sign=True) for value in changes.values()),
        "steps": "–" if not member["steps"] else f"{member['steps']:,}",
        "time": "–" if member["seconds"] is None else duration(member["seconds"]),
    }
