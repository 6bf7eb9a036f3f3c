"""A set of tissue patches on the disk, with a manifest that says where each comes from."""

from __future__ import annotations

import dataclasses
import hashlib
import os
from collections.abc import Callable, Sequence
from pathlib import PurePosixPath
from typing import Any

from dirv_tf.datasets.tissue_patches import PatchSettings, cut_patches
from dirv_tf.datasets.tissue_sources import TissueSource
from dirv_tf.io.atomic_write import write_csv, write_json
from dirv_tf.io.file_paths import file_json
from dirv_tf.io.image_files import write_image
from dirv_tf.io.output_paths import check_output_folder
from dirv_tf.resource_errors import is_disk_error
from dirv_tf.validation import UnreadableFileError

MANIFEST = "manifest.json"
TABLE = "manifest.csv"
_COLUMNS = ("part", "tissue", "source", "source_sha256", "row", "column", "deviation", "file", "sha256")


def make_tissue_set(
    sources: Sequence[TissueSource],
    folder: str | os.PathLike,
    settings: PatchSettings,
    strict: bool = False,
    progress: Callable[[int, int, str], None] | None = None,
) -> dict[str, Any]:
    """Cut patches of all images and store them below `folder`, with a manifest; go on with what is there already.

    The manifest is written after every image. A set that was interrupted is continued: images whose patches are all
    there, by their checksums, are not read again but for their own checksum, and the result is the same, byte for byte,
    as without the interruption.

    Parameters
    ----------
    sources : sequence of TissueSource
    folder : str or path
        ``train/…`` and ``test/…`` hold the patches as PNG, ``manifest.json`` and ``manifest.csv`` their record.
    settings : PatchSettings
    strict : bool
        Whether an image that cannot be used is an error; otherwise it is left out and named in the manifest.
    progress : callable, optional
        Called with the number of images done, of all, and the name of the one that comes next.

    Returns
    -------
    dict
        The manifest: "settings"; "sources", a list with "file", "sha256", "tissue", "part" and "patches" of each image;
        "left_out", a list with "file" and "reason".

    Raises
    ------
    ValueError
        If the folder holds other files or a set with other settings, its manifest cannot be read, or, where `strict`,
        an image cannot be used.
    OSError
        If the folder cannot be written, or its disk becomes full; the same call goes on then.
    """
    folder = check_output_folder(folder)
    plain = dataclasses.asdict(settings)
    older = _older_entries(folder, plain)
    for name in set(older).difference(source.name for source in sources):
        _remove_patches(folder, older.pop(name))
    manifest: dict[str, Any] = {"settings": plain, "sources": [], "left_out": []}
    for done, source in enumerate(sources):
        if progress is not None:
            progress(done, len(sources), source.name)
        entry = older.pop(source.name, None)
        try:
            manifest["sources"].append(_entry(source, folder, settings, entry))
        except (OSError, ValueError) as error:
            if is_disk_error(error):
                raise
            if strict:
                raise ValueError(f"{source.path}: {error}") from error
            _remove_patches(folder, entry)
            manifest["left_out"].append({"file": source.name, "reason": str(error)})
        # Those that come later are still to be verified.
        write_json(folder / MANIFEST, {**manifest, "sources": manifest["sources"] + list(older.values())})
    rows = [_row(entry, patch) for entry in manifest["sources"] for patch in entry["patches"]]
    write_csv(folder / TABLE, _COLUMNS, rows)
    return manifest


def file_checksum(path: str | os.PathLike) -> str:
    """Return the SHA-256 of a file, in hexadecimal digits."""
    digest = hashlib.sha256()
    with open(path, "rb") as stream:
        for block in iter(lambda: stream.read(2**20), b""):
            digest.update(block)
    return digest.hexdigest()


def _older_entries(folder, plain):
    path = folder / MANIFEST
    if not path.is_file():
        if folder.is_dir() and any(folder.iterdir()):
            raise ValueError(
                f"Expected a new folder, or one with a {MANIFEST} to go on with. Received: folder={folder}"
            )
        return {}
    try:
        manifest = file_json(path)
        settings, entries = manifest["settings"], {entry["file"]: entry for entry in manifest["sources"]}
        files = [PurePosixPath(patch["file"]) for entry in entries.values() for patch in entry["patches"]]
        # They are replaced, and nothing outside the folder may be.
        if any(file.is_absolute() or ".." in file.parts for file in files):
            raise ValueError("a patch outside the folder")
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise UnreadableFileError(
            f"Expected a readable manifest; remove the folder to begin anew. Received: {path}"
        ) from error
    if settings != plain:
        raise ValueError(
            f"Expected the settings that the set in this folder was begun with, {settings}; choose another folder, or "
            f"remove this one to begin anew. Received: {plain}, folder={folder}"
        )
    return entries


def _entry(source, folder, settings, older):
    checksum = file_checksum(source.path)
    if older and (older["sha256"], older["part"]) == (checksum, source.part) and _are_whole(folder, older):
        return older
    _remove_patches(folder, older)
    count = settings.train_patches if source.part == "train" else settings.test_patches
    patches = cut_patches(source.path, source.name, count, settings)
    name = PurePosixPath(source.name)
    records = []
    for number, patch in enumerate(patches):
        file = PurePosixPath(source.part, name.parent, f"{name.name.replace('.', '_')}_{number:02d}.png")
        write_image(folder / file, patch.pixels, overwrite=True)
        place = {"row": patch.row, "column": patch.column, "deviation": round(patch.deviation, 3)}
        records.append({"file": str(file), "sha256": file_checksum(folder / file), **place})
    known = {"file": source.name, "sha256": checksum, "tissue": source.tissue, "part": source.part}
    return {**known, "drawn": count, "patches": records}


def _are_whole(folder, entry):
    files = [(folder / patch["file"], patch["sha256"]) for patch in entry["patches"]]
    return all(path.is_file() and file_checksum(path) == checksum for path, checksum in files)


def _remove_patches(folder, entry):
    for patch in entry["patches"] if entry else ():
        (folder / patch["file"]).unlink(missing_ok=True)


def _row(entry, patch):
    source = {"part": entry["part"], "tissue": entry["tissue"]}
    return {**source, "source": entry["file"], "source_sha256": entry["sha256"], **patch}
