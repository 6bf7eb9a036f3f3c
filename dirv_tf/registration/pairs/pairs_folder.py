"""The folder of many registrations: its settings, a record per pair, and the table made of them.

Every pair has a record of its own, written whole, so that processes that share the folder never write the same file.
The table is made anew of all records each time; see `PairsFolder.write_current` for why none is ever lost.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import shutil
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from dirv_tf import __version__
from dirv_tf.io.atomic_write import write_csv, write_json, write_text
from dirv_tf.io.decoding import decoding
from dirv_tf.io.file_paths import file_json
from dirv_tf.io.folder_lock import folder_lock
from dirv_tf.io.left_behind import remove_temporary_files
from dirv_tf.io.output_paths import check_output_folder
from dirv_tf.registration.pairs.pair_row import COLUMNS, PairRow
from dirv_tf.registration.results.result_folder import remove_result
from dirv_tf.validation import UnreadableFileError, shown

SETTINGS_NAME = "settings.json"
TABLE_NAME = "pairs.csv"
PAGE_NAME = "index.html"
KIND = "dirv_tf registration of many pairs"
_RECORDS = ".pairs"
_RECORD_NAME = "row.json"
_THUMBNAILS_NAME = "thumbnails.json"
_ERROR_NAME = "error.txt"
# Beside what a registration writes, where there are landmarks or labels.
EVALUATION_NAME = "evaluation.json"


class PairsFolder:
    """A folder with the registrations of many pairs.

    Parameters
    ----------
    path : str or Path
    settings : mapping
        The options of the registrations, as JSON knows them.
    """

    def __init__(self, path: str | os.PathLike[str], settings: Mapping[str, Any]):
        self.path = Path(os.path.abspath(path))
        self.settings = dict(settings)
        self._digest = hashlib.sha256(json.dumps(self.settings, sort_keys=True).encode()).hexdigest()
        self._known: dict[str, tuple[Any, PairRow | None]] = {}

    def claim(self, names: Sequence[str], shared: bool, resume: bool, overwrite: bool) -> None:
        """Begin, or go on, with some pairs; nothing is changed where that is refused.

        Parameters
        ----------
        names : sequence of str
            Of the pairs that this process is to register.
        shared : bool
            Whether other processes may be at work on other pairs.
        resume : bool
            Whether there may be results of these pairs.
        overwrite : bool
            Whether they are to be replaced.

        Raises
        ------
        FileExistsError
            When the folder holds something else, or results and neither `resume` nor `overwrite` is said.
        ValueError
            When the results in it were made with other settings; the message says which.
        OSError
            When nothing can be written there.
        """
        if self.path.exists() and not self.path.is_dir():
            raise FileExistsError(f"Expected a folder. Received: output={self.path}, which is a file")
        path = self.path / SETTINGS_NAME
        # What begins with a dot is being written by another process.
        content = [p for p in self.path.iterdir() if not p.name.startswith(".")] if self.path.exists() else []
        if content:
            self._options_in(path)
        if content and not (resume or overwrite) and (not shared or self._begun(names)):
            raise FileExistsError(
                "Expected a new or empty folder; resume=True goes on with what is there, overwrite=True replaces it. "
                f"Received: output={self.path}"
            )
        check_output_folder(self.path)
        if content and overwrite:
            self._clear(names, shared)
        elif not _write_new_json(path, {"kind": KIND, "version": __version__, "options": self.settings}):
            self._check_settings(self._options_in(path))

    def is_begun(self) -> bool:
        """Whether this process sees the folder that another one has begun."""
        return (self.path / SETTINGS_NAME).is_file()

    def __reduce__(self):
        # To another process without what this one has read.
        return PairsFolder, (self.path, self.settings)

    def _begun(self, names):
        return any((self._records(name) / _RECORD_NAME).exists() for name in names)

    def _options_in(self, path):
        """Return the options of the results that are there; an error where the folder is none of ours."""
        try:
            content = file_json(path)
            earlier = content["options"] if content["kind"] == KIND else None
        except (OSError, ValueError, LookupError, TypeError):
            earlier = None
        if not isinstance(earlier, dict):
            raise FileExistsError(
                f"Expected a new or empty folder, or one with registrations of many pairs. Received: output={self.path}"
            )
        return earlier

    def _check_settings(self, earlier):
        differing = [
            f"{name}={earlier.get(name)!r} there, {self.settings.get(name)!r} now"
            for name in {**earlier, **self.settings}
            if earlier.get(name) != self.settings.get(name)
        ]
        if differing:
            raise ValueError(
                f"Expected the options of the registrations in {self.path}; resume with those, take another folder, "
                f"or overwrite them. Received: {'; '.join(differing)}"
            )

    def _clear(self, names, shared):
        """Take away the records of these pairs, and of all that were made with other settings."""
        # Otherwise a shard that finds itself alone could take what is written here for left behind.
        with folder_lock(self.path / _RECORDS, shared=True):
            self._clear_records(names, shared)
            write_json(self.path / SETTINGS_NAME, {"kind": KIND, "version": __version__, "options": self.settings})

    def _clear_records(self, names, shared):
        for name in self._recorded():
            record = _read_json(self._records(name) / _RECORD_NAME)
            if name not in names and (not shared or record.get("settings") != self._digest):
                self.remove_results(name)
            if name in names or not shared or record.get("settings") != self._digest:
                shutil.rmtree(self._records(name), ignore_errors=True)

    def _records(self, name):
        return self.path / _RECORDS / name

    def _recorded(self):
        folder = self.path / _RECORDS
        return [path.parent.name for path in folder.glob(f"*/{_RECORD_NAME}")]

    @contextlib.contextmanager
    def in_use(self) -> Iterator[None]:
        """Be at work in the folder, perhaps with others. Who is alone removes what was half-written when killed."""
        records = self.path / _RECORDS
        with contextlib.suppress(BlockingIOError), folder_lock(records) as is_alone:
            if is_alone:
                self._remove_left_behind()
        with folder_lock(records, shared=True):
            yield

    def _remove_left_behind(self):
        remove_temporary_files(self.path, [SETTINGS_NAME, TABLE_NAME, PAGE_NAME])
        for records in (self.path / _RECORDS).iterdir():
            remove_temporary_files(records, [_RECORD_NAME, _THUMBNAILS_NAME, _ERROR_NAME])
            remove_temporary_files(self.path / records.name, [EVALUATION_NAME])

    @contextlib.contextmanager
    def lock(self, name: str) -> Iterator[None]:
        """Keep other processes away from a pair, and clear what one that was killed has left of it.

        Raises
        ------
        BlockingIOError
            When another process is at work on it.
        """
        with folder_lock(self._records(name)):
            left_behind = re.compile(rf"\.{re.escape(name)}-[0-9a-f]{{12}}")
            for path in self.path.iterdir():
                if left_behind.fullmatch(path.name):
                    shutil.rmtree(path, ignore_errors=True)
            yield

    def write_row(self, row: PairRow) -> None:
        """Write the record of a pair, whole or not at all."""
        write_json(self._records(row.name) / _RECORD_NAME, {"settings": self._digest, "row": row.content()})

    def write_thumbnails(self, name: str, thumbnails: Mapping[str, str]) -> None:
        """Write the small pictures of a pair, as addresses that hold the picture itself."""
        write_json(self._records(name) / _THUMBNAILS_NAME, thumbnails)

    def write_error(self, name: str, text: str) -> None:
        """Write where in the code a pair failed, for who looks into it."""
        write_text(self._records(name) / _ERROR_NAME, text)

    def remove_results(self, name: str) -> None:
        """Take away what was written of a pair for its user, and nothing else."""
        remove_result(self.path / name, [EVALUATION_NAME])

    def thumbnails(self, name: str) -> dict[str, str]:
        """Return the small pictures of a pair by title; none where it has none."""
        return _read_json(self._records(name) / _THUMBNAILS_NAME)

    def row(self, name: str) -> PairRow | None:
        """Return the record of a pair, where there is one."""
        path = self._records(name) / _RECORD_NAME
        stamp = _stamp(path)
        if name not in self._known or self._known[name][0] != stamp:
            record = _read_json(path)
            with decoding(path, "the record of a pair"):
                self._known[name] = stamp, PairRow.from_content(record["row"]) if record else None
        return self._known[name][1]

    def rows(self, order: Iterable[str]) -> list[PairRow]:
        """Return the records of all pairs, in the given order, those that it does not name last."""
        recorded = set(self._recorded())
        names = [name for name in order if name in recorded]
        rows = [self.row(name) for name in (*names, *sorted(recorded - set(names)))]
        return [row for row in rows if row is not None]

    def write_table(self, order: Sequence[str]) -> None:
        """Write the table of all pairs that are finished by now, whoever registered them, see `write_current`."""
        self.write_current(
            order, lambda rows: write_csv(self.path / TABLE_NAME, COLUMNS, (row.cells() for row in rows))
        )

    def write_current(self, order: Sequence[str], write: Callable[[list[PairRow]], None]) -> None:
        """Write a file that is made of all records.

        Two processes may do so at once, and the one with fewer records come last. It then sees that a record has come
        meanwhile, and writes again: the last file written always holds every record.

        Parameters
        ----------
        order : sequence of str
            Names of the pairs in the order of the table.
        write : callable
            Takes the rows and writes the file.
        """
        stamps = None
        while stamps != (stamps := self._stamps()):
            write(self.rows(order))

    def _stamps(self):
        return {name: _stamp(self._records(name) / _RECORD_NAME) for name in self._recorded()}


def _stamp(path):
    try:
        status = path.stat()
    except FileNotFoundError:
        return None
    return status.st_mtime_ns, status.st_size, status.st_ino


def _read_json(path):
    try:
        content = file_json(path)
    except FileNotFoundError:
        return {}
    if not isinstance(content, dict):
        raise UnreadableFileError(f"Expected the record of a pair. Received: path={path} with {shown(content)}")
    return content


def _write_new_json(path, content):
    """Write a file unless there is one; whether it was written. Of several processes, one writes."""
    if path.exists():
        return False
    temporary = path.with_name(f".{uuid.uuid4().hex[:12]}-{path.name}")
    try:
        write_json(temporary, content)
        os.link(temporary, path)
    except FileExistsError:
        return False
    except FileNotFoundError:
        # A process that had begun, and found itself alone, took our file for left behind.
        if not path.exists():
            raise
        return False
    except OSError:
        # A file system without hard links.
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)
    return True
