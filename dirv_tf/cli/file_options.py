"""What the commands ask of files: which channel, which time, which unit of landmarks."""

from __future__ import annotations

import sys

# As in `dirv_tf.io`, which takes NumPy along.
LANDMARK_SUFFIXES = (".csv", ".tsv", ".txt", ".json", ".geojson", ".fcsv")
LANDMARK_UNITS = ("pixel", "mm", "um")
LANDMARK_FORMATS = """\
Landmarks are read from tables with the columns X and Y, and Z for volumes (.csv, .tsv, .txt: of the ANHIR challenge,
ImageJ, napari, spreadsheets), from QuPath's points (.geojson) and from 3D Slicer (.mrk.json, .fcsv). Tables count
pixels: X along the columns, Y along the rows, the center of the first pixel at 0. With --unit mm or um they hold places
in the world (x, y, z as ITK counts them, LPS), as the files of 3D Slicer always do; the field knows where its images
lie."""


def add_choices(parser, pair=False):
    """Add the options --channel and --time.

    Parameters
    ----------
    parser : argparse.ArgumentParser or a group of one
    pair : bool
        Whether there are two images, with a choice for both or one for each.
    """
    count = {"nargs": "+"} if pair else {}
    each = "; two: of FIXED and of MOVING, none where there is no choice" if pair else ""
    parser.add_argument(
        "--channel",
        metavar="CHANNEL",
        help=f"of a file with several channels or colors: the number (from 0) or name of one{each}",
        **count,
    )
    times = f"of a file with several times: the number of one{each}"
    parser.add_argument("--time", metavar="NUMBER", help=times, **count)


def pair_choice(name, given):
    """Return one option of `add_choices` as `dirv_tf.register` takes it.

    Parameters
    ----------
    name : str
    given : list of str or None

    Returns
    -------
    str, tuple of (str or None) or None

    Raises
    ------
    ValueError
        If there are more than two.
    """
    if given is None or len(given) == 1:
        return given and given[0]
    if len(given) > 2:
        raise ValueError(f"Expected one {name} for both images or two. Received: --{name} {' '.join(given)}")
    return tuple(None if each.lower() == "none" else each for each in given)


def add_unit(parser):
    """Add the option --unit of landmarks in tables."""
    parser.add_argument(
        "--unit",
        choices=LANDMARK_UNITS,
        help="what landmarks in tables count: pixels (default), or millimeters or micrometers of the world",
    )


def check_unit(unit, *geometries):
    """Raise a ValueError where places in the world are given and nothing says where the pixels lie.

    Parameters
    ----------
    unit : str or None
    *geometries : ImageGeometry
        Of the landmarks' images.
    """
    from dirv_tf.io import ImageGeometry

    unknown = [each for each in geometries if each.is_close(ImageGeometry.unit(each.rank))]
    if unit in (None, "pixel") or not unknown:
        return
    raise ValueError(
        "Expected a field that knows where the pixels of its images lie, for landmarks in the world; register with "
        f"--pixel-size, or give landmarks in pixels (the same, if a pixel is 1 mm wide). Received: --unit {unit}"
    )


def show_notes(image):
    """Print on standard error what was changed or chosen in reading an image.

    Parameters
    ----------
    image : ImageFile
    """
    for note in image.notes:
        print(f"note: {image.path}: {note}", file=sys.stderr)
