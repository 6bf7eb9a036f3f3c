"""Records of studies in JSON files, read strictly: a broken one is named."""

from __future__ import annotations

import json


class BrokenRecord(ValueError):
    """A record cannot be read, or lacks something."""


def read_record(path, keys, members, member_keys):
    """Read a record with a list of members.

    Parameters
    ----------
    path : Path
        The JSON file.
    keys : iterable of str
        What the record must have.
    members : str
        The key of its list.
    member_keys : iterable of str
        What every entry of the list must have.

    Returns
    -------
    dict

    Raises
    ------
    BrokenRecord
        When something is missing; the message names the file.
    """
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise BrokenRecord(f"Expected a record in JSON ({error}). Received: {path}") from error
    check_keys(path, record, [*keys, members])
    if not isinstance(record[members], list) or not record[members]:
        raise BrokenRecord(f"Expected a list '{members}' with entries. Received: {record[members]!r} in {path}")
    for member in record[members]:
        check_keys(path, member, member_keys)
    return record


def check_keys(path, entry, keys):
    """Raise BrokenRecord unless an entry of a record is a mapping with these keys."""
    missing = [key for key in keys if key not in entry] if isinstance(entry, dict) else list(keys)
    if missing:
        received = ", ".join(entry) if isinstance(entry, dict) else repr(entry)
        raise BrokenRecord(f"Expected {', '.join(missing)} in the record. Received: {received or 'nothing'} in {path}")


def number(value, digits=1, sign=False):
    """Return a figure of a record as text; what a record leaves open (null) as a dash."""
    if value is None:
        return "–"
    return f"{value:{'+' if sign else ''}.{digits}f}"


def origin(record):
    """Say when and on what a record was made."""
    versions, hardware = record.get("versions") or {}, record.get("hardware") or {}
    cores = hardware.get("cores", "?")
    processor = f"{cores} core{'s' * (cores != 1)} of {hardware.get('processor', 'an unknown processor')}"
    gpus = ", ".join(hardware.get("gpus") or ()) or "no GPU"
    tensorflow = versions.get("tensorflow", "of an unknown version")
    return f"{str(record.get('date', 'no date'))[:10]}, TensorFlow {tensorflow}, {processor}, {gpus}."
