"""The record of the comparison: rows by set, kept from one call of the command to the next."""

from __future__ import annotations

import datetime
import json
import os
from pathlib import Path
from typing import Any

from dirv_tf.io.atomic_write import write_json
from dirv_tf.training.execution.environment import hardware, versions

FILE_NAME = "comparison.json"
# How many threads TensorFlow takes, where the environment says it.
THREADS = "TF_NUM_INTRAOP_THREADS"


class Record:
    """What was measured so far, in one JSON file that is written anew after every row.

    Parameters
    ----------
    folder : path
        Of `comparison.json`; what it holds already is taken over.

    Attributes
    ----------
    content : dict
        `networks`: facts by name. `sets`: by name, each with what it is, its `settings` of classical methods, and
        `rows`: lists of dicts with `name`, `way`, `identity`, the columns, `date`, `hardware` and `threads`.

    Raises
    ------
    ValueError
        For a file of that name that is no such record.
    """

    def __init__(self, folder: Path):
        self.file = folder / FILE_NAME
        self.content: dict[str, Any] = {"networks": {}, "sets": {}}
        if self.file.is_file():
            self.content = _read(self.file)

    def open_set(self, name: str, what: dict[str, Any]) -> None:
        """Begin a set or go on with it.

        Raises
        ------
        ValueError
            Where there are rows of other pairs than `what` says, which would be lost.
        """
        entry = self.content["sets"].get(name)
        if entry is None or not entry["rows"]:
            self.content["sets"][name] = {"settings": {}, "rows": [], **(entry or {}), **what}
            return
        others = {key: entry.get(key) for key, value in what.items() if entry.get(key) != value}
        if others:
            asked = ", ".join(f"{key}={what[key]}, not {value}" for key, value in others.items())
            raise ValueError(
                f"Expected the pairs of the rows that {self.file} has of {name}; another folder (-o) takes other "
                f"pairs. Received: {asked}"
            )

    def has(self, name: str, key: tuple[str, str], identity: str = "") -> bool:
        """Return whether a row is there, measured with the same weights."""
        rows = self.content["sets"].get(name, {}).get("rows", ())
        return any((row["name"], row["way"], row["identity"]) == (*key, identity) for row in rows)

    def settings(self, name: str) -> dict[str, Any]:
        """Return the settings of the classical methods of a set, by method."""
        return self.content["sets"][name]["settings"]

    def keep_settings(self, name: str, method: str, settings: dict[str, Any]) -> None:
        """Keep the settings of a classical method."""
        self.content["sets"][name]["settings"][method] = settings
        self.write()

    def keep_network(self, name: str, facts: dict[str, Any]) -> None:
        """Keep what is known of a network; rows of the name that were measured with other weights go."""
        self.content["networks"][name] = facts
        for entry in self.content["sets"].values():
            entry["rows"] = [row for row in entry["rows"] if row["name"] != name or row["identity"] == facts["sha256"]]

    def keep(self, name: str, key: tuple[str, str], identity: str, measured: dict[str, Any]) -> None:
        """Keep a row of a set, in place of an older one of the same key."""
        row = {
            "name": key[0], "way": key[1], "identity": identity, **measured,
            "date": datetime.datetime.now().astimezone().isoformat(timespec="seconds"), "hardware": hardware(),
            "threads": os.environ.get(THREADS),
        }
        entry = self.content["sets"][name]
        entry["rows"] = [each for each in entry["rows"] if (each["name"], each["way"]) != key] + [row]
        self.write()

    def write(self) -> None:
        """Write the file."""
        self.content.update(versions=versions(), hardware=hardware())
        write_json(self.file, self.content)


def _read(file):
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
        rows = [row for entry in content["sets"].values() for row in entry["rows"]]
        if all({"name", "way", "identity"} <= set(row) for row in rows) and isinstance(content["networks"], dict):
            return content
    except (ValueError, KeyError, TypeError, AttributeError):
        pass
    raise ValueError(f"Expected a record of this comparison, or no such file. Received: file={file}")
