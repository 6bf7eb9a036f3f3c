"""The chain of pages in a TIFF file, followed before tifffile does, which may go in circles."""

from __future__ import annotations

import struct

# Standard and BigTIFF: where the first directory's place stands, the format of a count and of a place, bytes per tag.
_FORMS = {42: (4, "H", "I", 12), 43: (8, "Q", "Q", 20)}
_MOST_TAGS = 4096


def opened_tiff(path):
    """Open a TIFF file, unless a page in it is followed by one before it, or by itself.

    What else may be wrong with the chain is left to tifffile, which says it.

    Parameters
    ----------
    path : str or Path

    Returns
    -------
    tifffile.TiffFile

    Raises
    ------
    ValueError
        For such a chain, and for what tifffile cannot read.
    """
    import tifffile

    _check_chain(path)
    tiff = tifffile.TiffFile(path)
    try:
        # A few entities of XML that stand for each other can stand for billions of characters; OME has none.
        if "<!ENTITY" in (tiff.pages.first.description or ""):
            raise ValueError("metadata with entities of their own")
    except BaseException:
        # Also where there is no page.
        tiff.close()
        raise
    return tiff


def _check_chain(path):
    with open(path, "rb") as stream:
        start = stream.read(4)
        order = {b"II": "<", b"MM": ">"}.get(start[:2])
        if order is None or len(start) < 4:
            return
        form = _FORMS.get(struct.unpack(order + "H", start[2:])[0])
        if form is None:
            return
        at, count_format, place_format, tag_size = form
        stream.seek(at)
        found = set()
        while True:
            place = _unpacked(stream, order + place_format)
            if not place:
                return
            if place in found:
                raise ValueError("a page that is followed by itself or one before it")
            found.add(place)
            stream.seek(place)
            tags = _unpacked(stream, order + count_format)
            if tags is None or tags > _MOST_TAGS:
                return
            stream.seek(tags * tag_size, 1)


def _unpacked(stream, form):
    """Return the next number; None at the end of the file."""
    data = stream.read(struct.calcsize(form))
    return struct.unpack(form, data)[0] if len(data) == struct.calcsize(form) else None
