"""The distance of neighboring pixels as TIFF files state it: OME, ImageJ, Aperio, and the resolution tags."""

from __future__ import annotations

import math
import re

from dirv_tf.io.ome_metadata import ome_pixels

_MILLIMETERS = {
    "nm": 1e-6,
    "um": 1e-3,
    "\u00b5m": 1e-3,  # the micro sign
    "\u03bcm": 1e-3,  # the Greek letter
    "\\u00b5m": 1e-3,  # as ImageJ escapes it
    "micron": 1e-3,
    "microns": 1e-3,
    "micrometer": 1e-3,
    "mm": 1.0,
    "cm": 10.0,
    "m": 1000.0,
}
_CENTIMETER = 3


def read_pixel_size(tiff):
    """Return the pixel size that a TIFF file states, in mm along (z, y, x) or (y, x); None where it states none.

    Resolutions per inch are left out: cameras and editors write them for printing, whatever the image shows.

    Parameters
    ----------
    tiff : tifffile.TiffFile

    Returns
    -------
    tuple of float or None
    """
    if tiff.is_ome:
        pixel_size = _ome(tiff)
    elif tiff.is_imagej and tiff.imagej_metadata.get("unit"):
        pixel_size = _imagej(tiff)
    elif tiff.is_svs:
        pixel_size = _svs(tiff)
    else:
        pixel_size = _tags(tiff)
    known = pixel_size is not None and all(math.isfinite(step) and step > 0 for step in pixel_size)
    return pixel_size if known else None


def ome_pixel_size(pixel_size):
    """Return the entries of OME metadata for a pixel size in mm, array-axis order.

    Parameters
    ----------
    pixel_size : sequence of float, length r

    Returns
    -------
    dict
    """
    entries = {}
    for letter, step in zip("XYZ", reversed(pixel_size)):
        entries.update({f"PhysicalSize{letter}": step, f"PhysicalSize{letter}Unit": "mm"})
    return entries


def _ome(tiff):
    pixels = ome_pixels(tiff)
    pixel_size = []
    for letter in "XYZ":
        size = None if pixels is None else pixels.get(f"PhysicalSize{letter}")
        # The standard's default unit is the micrometer.
        unit = "um" if size is None else pixels.get(f"PhysicalSize{letter}Unit", "um")
        if size is None or unit not in _MILLIMETERS:
            break
        pixel_size.insert(0, float(size) * _MILLIMETERS[unit])
    return tuple(pixel_size) if len(pixel_size) >= 2 else None


def _imagej(tiff):
    unit, plane = _MILLIMETERS.get(str(tiff.imagej_metadata["unit"]).lower()), _units_per_pixel(tiff)
    if unit is None or plane is None:
        return None
    # ImageJ leaves a distance of 1 between the pages out.
    return tuple(unit * step for step in (float(tiff.imagej_metadata.get("spacing", 1.0)), *plane))


def _svs(tiff):
    # Micrometers per pixel, among the settings of Aperio's scanners.
    found = re.search(r"\|\s*MPP\s*=\s*([0-9.]+)\s*(?:\||$)", tiff.pages[0].description)
    return None if found is None else (float(found[1]) * _MILLIMETERS["um"],) * 2


def _tags(tiff):
    tag = tiff.pages[0].tags.get("ResolutionUnit")
    plane = _units_per_pixel(tiff)
    if tag is None or tag.value != _CENTIMETER or plane is None:
        return None
    return tuple(_MILLIMETERS["cm"] * step for step in plane)


def _units_per_pixel(tiff):
    """Units per pixel along (y, x), from the tags that hold their inverse as a fraction."""
    tags = [tiff.pages[0].tags.get(name) for name in ("YResolution", "XResolution")]
    if any(tag is None or not tag.value[0] for tag in tags):
        return None
    return tuple(tag.value[1] / tag.value[0] for tag in tags)
