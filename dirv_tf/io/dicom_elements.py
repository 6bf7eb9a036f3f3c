"""The lengths that the elements of a DICOM file state, checked before GDCM takes memory for them."""

from __future__ import annotations

import os
import struct

# DICOM PS3.5: value representations with a length of 32 bits behind two bytes that are reserved.
_LONG = (b"OB", b"OD", b"OF", b"OL", b"OV", b"OW", b"SQ", b"SV", b"UC", b"UN", b"UR", b"UT", b"UV")
_SHORT = (
    b"AE", b"AS", b"AT", b"CS", b"DA", b"DS", b"DT", b"FD", b"FL", b"IS", b"LO", b"LT", b"PN", b"SH", b"SL", b"SS",
    b"ST", b"TM", b"UI", b"UL", b"US",
)  # fmt: skip
_UNDEFINED = 0xFFFFFFFF
_ITEM, _SEQUENCE_END, _PIXELS = (0xFFFE, 0xE000), (0xFFFE, 0xE0DD), (0x7FE0, 0x0010)
_IMPLICIT, _BIG, _DEFLATED = b"1.2.840.10008.1.2", b"1.2.840.10008.1.2.2", b"1.2.840.10008.1.2.1.99"
# Shorter values beyond the end of a file cost nothing, and GDCM says what is wrong with them.
_HARMLESS = 2**20


def check_elements(path):
    """Raise an error where an element states far more bytes than its file has.

    Behind the first group, what is no element in the standard's form ends the check: GDCM reads files of many old
    programs.

    Parameters
    ----------
    path : str or Path

    Raises
    ------
    ValueError
        For such an element.
    """
    length = os.stat(path).st_size
    with open(path, "rb") as stream:
        start = stream.read(132)
        has_start = start[128:] == b"DICM"
        stream.seek(132 if has_start else 0)
        syntax = _walk(stream, length, True, "<", meta=has_start)
        if syntax != _DEFLATED:
            _walk(stream, length, syntax != _IMPLICIT, ">" if syntax == _BIG else "<")


def _walk(stream, end, explicit, order, meta=False):
    """Go from element to element, into sequences as well; of the first group return the transfer syntax."""
    syntax, outer, in_fragments = b"", [], False
    while True:
        at = stream.tell()
        header = stream.read(8)
        if len(header) < 8:
            return syntax
        tag = struct.unpack(order + "HH", header[:4])
        if meta and tag[0] != 2:
            stream.seek(at)
            return syntax
        kind, (length,) = header[4:6], struct.unpack(order + "I", header[4:])
        is_delimiter = tag[0] == 0xFFFE
        if explicit and not is_delimiter:
            if kind not in (*_LONG, *_SHORT):
                if meta:
                    raise ValueError("a damaged beginning")
                return syntax
            if kind in _LONG:
                more = stream.read(4)
                if len(more) < 4:
                    return syntax
                (length,) = struct.unpack(order + "I", more)
            else:
                (length,) = struct.unpack(order + "H", header[6:])
        if length == _UNDEFINED:
            if tag == _PIXELS:
                in_fragments = True
            elif not is_delimiter:
                # Within a sequence of an unknown kind, no kinds are stated.
                outer.append(explicit)
                explicit = explicit and kind != b"UN"
            continue
        if (meta or length > _HARMLESS) and stream.tell() + length > end:
            raise ValueError(f"an element of {length:,} bytes in a file of {end:,}")
        if tag == _SEQUENCE_END:
            in_fragments = False
            explicit = outer.pop() if outer else explicit
        elif (tag == _ITEM and not in_fragments) or (explicit and kind == b"SQ"):
            continue
        elif tag == (0x0002, 0x0010):
            syntax = stream.read(length).strip(b"\0 ")
        else:
            stream.seek(length, os.SEEK_CUR)
