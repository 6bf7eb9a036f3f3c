"""What the text headers of MetaImage and NRRD say of where their pixels lie and how they are stored.

ITK follows such a header to any file of the machine. Here it may name files beside itself alone.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

from dirv_tf.validation import UnreadableFileError, shown

# No header is longer; its lines are read no further.
_LONGEST_HEADER = 2**20
# ITK's libraries write what they do not know into buffers of a fixed length, and MetaImage's counts axes unchecked.
_LONGEST_FIELD = 1000
_MOST_AXES = 10
_LARGEST_NUMBER = 1e30
_META = (".mha", ".mhd")
_PACKED = ("gzip", "gz", "bzip2", "bz2")
_TEXTS = ("ascii", "text", "txt", "hex")
# One number in a name, as ITK's series of files have it: slice%03d.raw.
_PATTERN = re.compile(r"%0?\d{0,2}d")


class StoredPixels(NamedTuple):
    """Where the pixels of a volume lie.

    Attributes
    ----------
    files : tuple of Path
        Those that the header names; the file itself where the pixels lie behind the header.
    offset : int
        Where they begin.
    storage : {"raw", "packed", "text"}
    """

    files: tuple[Path, ...]
    offset: int
    storage: str


def stored_pixels(path):
    """Read where the pixels of a MetaImage or NRRD file lie.

    Parameters
    ----------
    path : Path
        Ends with .mha, .mhd, .nrrd or .nhdr.

    Returns
    -------
    StoredPixels

    Raises
    ------
    UnreadableFileError
        If it names files that are not there, or lie anywhere but in its own folder.
    ValueError
        If there is no such header.
    """
    read = _read_meta if path.suffix.lower() in _META else _read_nrrd
    with open(path, "rb") as stream:
        names, offset, storage = read(stream)
    return StoredPixels(tuple(_beside(path, name) for name in names) or (path,), offset, storage)


def _lines(stream):
    read = 0
    while read < _LONGEST_HEADER:
        line = stream.readline(_LONGEST_HEADER)
        if not line:
            return
        read += len(line)
        yield line.decode("latin-1").strip()
    raise ValueError(f"a header of more than {_LONGEST_HEADER:,} bytes")


def _check_field(key, value):
    if len(key) + len(value) > _LONGEST_FIELD:
        raise ValueError(f"a field of more than {_LONGEST_FIELD} characters in the header")
    for number in re.findall(r"[-+]?\d[-+.\deE]*|[-+]?\binf", value):
        check_magnitude(number)


def check_magnitude(number):
    """Raise a ValueError for a number that is no place or size in any unit: ITK may compute with it forever.

    Parameters
    ----------
    number : str or float
    """
    try:
        value = abs(float(number))
    except ValueError:
        # A date, or a name that begins with a digit.
        return
    if not value < _LARGEST_NUMBER:
        raise ValueError(f"{shown(number, 40)} in the header")


def _read_meta(stream):
    packed, text = False, False
    lines = _lines(stream)
    for line in lines:
        key, _, value = (part.strip() for part in re.match(r"([^=:]*)([=:]?)(.*)", line, re.DOTALL).groups())
        _check_field(key, value)
        if key.lower() == "ndims" and not (value.isdecimal() and 1 <= int(value) <= _MOST_AXES):
            raise ValueError(f"a MetaImage of {value} axes")
        if key.lower() == "compresseddata":
            packed = value[:1] in "Tt1" and value != ""
        elif key.lower() == "binarydata":
            text = value[:1] not in "Tt1"
        elif key.lower() == "elementdatafile":
            break
    else:
        raise ValueError("no MetaImage header that names its ElementDataFile")
    storage = "packed" if packed else "text" if text else "raw"
    if value.upper() == "LOCAL":
        return (), stream.tell(), storage
    if value.upper().split(" ")[0] == "LIST":
        return tuple(filter(None, lines)), 0, storage
    # A pattern of names is followed by the first number, the last one and the step.
    return [value.split(" ")[0] if _PATTERN.search(value) else value], 0, storage


def _read_nrrd(stream):
    names, storage = [], "raw"
    lines = _lines(stream)
    if not next(lines, "").startswith("NRRD000"):
        raise ValueError("no NRRD header")
    for line in lines:
        key, _, value = (part.strip() for part in line.partition(":"))
        if not line:
            break
        if not value.startswith("=") and not line.startswith("#"):
            _check_field(key, value)
        if key.lower() == "encoding":
            storage = "packed" if value.lower() in _PACKED else "text" if value.lower() in _TEXTS else "raw"
        elif key.lower() in ("data file", "datafile"):
            if value.upper().split(" ")[0] == "LIST":
                return tuple(filter(None, lines)), 0, storage
            names = [value.split(" ")[0] if _PATTERN.search(value) else value]
    return names, 0 if names else stream.tell(), storage


def _beside(path, name):
    """Return a file that a header names, if it is a plain name."""
    plain = _PATTERN.sub("", name, count=1)
    if not name or name != Path(name).name or name in (".", "..") or re.search(r"[\\/%\0]", plain):
        raise UnreadableFileError(
            f"Expected a header that names files in its own folder; move the pixels there. "
            f"Received: path={path}, which names {shown(name)}"
        )
    file = path.parent / name
    if plain == name and not file.is_file():
        raise UnreadableFileError(f"Expected the pixels beside their header. Received: path={path} without {file.name}")
    return file
