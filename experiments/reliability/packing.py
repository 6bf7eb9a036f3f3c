"""Files that hold others: taken apart and put together again, so that damage lies behind intact checksums."""

from __future__ import annotations

import gzip
import io
import struct
import zipfile
import zlib

_PNG = b"\x89PNG\r\n\x1a\n"


def parts_of(content: bytes) -> tuple[list[bytes], object]:
    """Return the parts of a file, and what `packed` needs to put them together: of gzip, zip and PNG."""
    if content.startswith(b"\x1f\x8b"):
        return [gzip.decompress(content)], "gzip"
    if content.startswith(b"PK"):
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            names = archive.namelist()
            return [archive.read(name) for name in names], names
    if content.startswith(_PNG):
        return _chunks(content), "png"
    return [content], None


def packed(parts: list[bytes], how: object) -> bytes:
    """Return the file of these parts."""
    if how == "gzip":
        return gzip.compress(parts[0], 1)
    if how == "png":
        return _PNG + b"".join(
            struct.pack(">I", max(0, len(part) - 4)) + part + struct.pack(">I", zlib.crc32(part)) for part in parts
        )
    if how is None:
        return parts[0]
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, part in zip(how, parts):
            archive.writestr(name, part)
    return stream.getvalue()


def _chunks(content):
    """Return the chunks of a PNG, each with its kind."""
    chunks, at = [], len(_PNG)
    while at + 12 <= len(content):
        (length,) = struct.unpack(">I", content[at : at + 4])
        chunks.append(content[at + 4 : at + 8 + length])
        at += 12 + length
    return chunks
