"""Classical methods on the same pairs, from their record in the results."""

from __future__ import annotations

from dirv_tf.metrics.names import FINEST, REDUCTIONS
from dirv_tf.report.document import Section, Table
from experiments.reproduction.report.records import BrokenRecord, check_keys, number, origin, read_record

_SET_KEYS = ("name", "pairs", "size", "methods")
_METHOD_KEYS = ("name", "what", "settings", *(metric.key + FINEST for metric in REDUCTIONS), "seconds_per_pair")


def classical_section(path):
    """Return the section of the classical methods.

    Parameters
    ----------
    path : Path
        The JSON file; it need not exist.

    Returns
    -------
    Section

    Raises
    ------
    BrokenRecord
        When the record cannot be read or lacks something.
    """
    section = Section("Classical methods", ["The same unseen pairs, registered without any learning beforehand."])
    if not path.exists():
        return Section(section.title, [*section.blocks, "Not run yet."])
    record = read_record(path, ("date", "versions", "hardware"), "sets", _SET_KEYS)
    for each in record["sets"]:
        if not isinstance(each["methods"], list) or not each["methods"]:
            raise BrokenRecord(f"Expected methods of the set {each['name']}. Received: {each['methods']!r} in {path}")
        for method in each["methods"]:
            check_keys(path, method, _METHOD_KEYS)
        size = "×".join(map(str, each["size"])) if isinstance(each["size"], list) else str(each["size"])
        rows = [_row(method) for method in each["methods"]]
        caption = f"{each['pairs']} pairs of {size}, finest level. {origin(record)} {record.get('note', '')}".rstrip()
        section.blocks.append(Section(f"Methods on {each['name']}", [Table(rows, caption)]))
    return section


def _row(method):
    settings = method["settings"]
    if isinstance(settings, dict):
        settings = ", ".join(f"{key} {value}" for key, value in settings.items())
    return {
        "method": method["name"],
        "what": method["what"],
        "settings": str(settings or ""),
        **{metric.heading: number(method[metric.key + FINEST]) for metric in REDUCTIONS},
        "seconds per pair": number(method["seconds_per_pair"], 3),
    }
