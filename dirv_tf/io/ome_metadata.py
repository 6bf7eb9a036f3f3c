"""What the metadata of an OME-TIFF say of its first image."""

from __future__ import annotations

from xml.etree import ElementTree


def ome_pixels(tiff):
    """Return the element that describes the pixels of the first image; None where there is none.

    Parameters
    ----------
    tiff : tifffile.TiffFile
        With OME metadata.

    Returns
    -------
    xml.etree.ElementTree.Element or None
    """
    return next((e for e in ElementTree.fromstring(tiff.ome_metadata).iter() if e.tag.endswith("}Pixels")), None)


def channel_names(tiff):
    """Return the names of the channels of the first image; empty where a channel has none.

    Parameters
    ----------
    tiff : tifffile.TiffFile
        With OME metadata.

    Returns
    -------
    tuple of str
    """
    pixels = ome_pixels(tiff)
    channels = [] if pixels is None else [each for each in pixels if each.tag.endswith("}Channel")]
    return tuple(channel.get("Name", "").strip() for channel in channels)
