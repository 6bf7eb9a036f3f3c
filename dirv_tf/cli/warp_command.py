"""`dirv-tf warp`: applies a flow field to an image, a label map or landmarks."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any, NamedTuple

from dirv_tf.cli.command_line import add_command
from dirv_tf.cli.file_options import (
    LANDMARK_FORMATS,
    LANDMARK_SUFFIXES,
    add_choices,
    add_unit,
    check_unit,
    show_notes,
)
from dirv_tf.cli.output_options import check_file_output

_EPILOG = f"""\
examples:
  dirv-tf warp moving.png result/flow_field.npz -o registered.png
  dirv-tf warp color.tif result/flow_field.npz -o registered.tif       every channel is warped
  dirv-tf warp labels.nii.gz field.nii.gz -o warped.nii.gz --labels     nearest neighbor
  dirv-tf warp landmarks.csv result/flow_field.npz -o carried.csv       moves with the image
  dirv-tf warp fixed.csv result/flow_field.npz -o moving.csv --to-moving
  dirv-tf warp points.mrk.json result/flow_field.nrrd -o carried.mrk.json --moving moving.nrrd
  dirv-tf warp cells.ome.tif result/flow_field.npz -o fitc.tif --channel FITC
  dirv-tf warp ki67.svs result/flow_field.npz -o moved.ome.tif          a whole slide at full resolution

Images and label maps belong to the moving image and come out on the fixed one, whose size may differ. Landmarks move
the same way: to where their content lies in the registered image. The suffix of the output chooses its format.

Slides, of which dirv-tf register took a level, are warped at full resolution, region by region, and written as a tiled
pyramid: .ome.tif with SubIFDs, .tif with reduced pages. What is finished is kept beside the output until all is there
(a folder .NAME-unfinished, about as large as the slide): after an interruption the same command goes on. Landmarks
count pixels of full resolution.

{LANDMARK_FORMATS}
"""


def add_parser(commands):
    """Add the subcommand to `dirv-tf`."""
    parser = add_command(
        commands,
        "warp",
        "apply a flow field to an image, a label map or landmarks",
        "Applies the flow field of a registration to something else that belongs to the moving image.",
        _EPILOG,
        run,
    )
    parser.add_argument("input", type=Path, help="image, label map, or landmarks (.csv and others, see below)")
    parser.add_argument("field", type=Path, help="flow field from dirv-tf register, or a displacement field of ITK")
    parser.add_argument("-o", "--output", type=Path, required=True, help="file to write; its suffix is the format")
    parser.add_argument("--labels", action="store_true", help="the input is a label map: nearest neighbor")
    parser.add_argument("--to-moving", action="store_true", help="landmarks only: from the fixed to the moving image")
    parser.add_argument(
        "--moving",
        type=Path,
        metavar="IMAGE",
        help="landmarks and an ITK field only: the moving image, if its origin differs from the fixed one's",
    )
    add_choices(parser)
    parser.add_argument(
        "--compression",
        choices=("deflate", "jpeg"),
        help="of a slide: deflate (default), or jpeg, which changes the pixels",
    )
    parser.add_argument("--tile", type=int, metavar="PIXELS", help="of a slide: side of the tiles (512)")
    add_unit(parser)
    parser.add_argument("--overwrite", action="store_true", help="replace an existing file")


class MovingImage(NamedTuple):
    """What counts of the moving image beside a field.

    Attributes
    ----------
    geometry : ImageGeometry
    size : tuple of int
        Pixels per axis; of a slide, both are those of full resolution.
    """

    geometry: Any
    size: tuple[int, ...]

    @classmethod
    def of(cls, image):
        """Return that of an `ImageFile`."""
        return cls(image.geometry, image.pixels.shape[: image.geometry.rank])


def moving_image(path):
    """Return the size and the geometry of the moving image; of a slide, its headers alone are read.

    Parameters
    ----------
    path : Path or None

    Returns
    -------
    MovingImage or None
    """
    from dirv_tf import io

    if path is None:
        return None
    levels = io.slide_levels(path)
    if len(levels) > 1:
        return MovingImage(io.slide_geometry(path), levels[0].size)
    # Any channel and time will do.
    return MovingImage.of(io.load_image(path, channel=0, time=0))


def read_field(path, moving=None):
    """Read a flow field for an image of the moving side.

    Parameters
    ----------
    path : Path
    moving : MovingImage, ImageFile or None
        A displacement field of ITK does not say where the moving image's pixels lie; this image does, unless its format
        knows no geometry.

    Returns
    -------
    FlowFieldFile
    """
    from dirv_tf import io

    known = moving is not None and not moving.geometry.is_close(io.ImageGeometry.unit(moving.geometry.rank))
    return io.read_flow_field(path, moving.geometry if known else None)


def moving_size(field, moving=None):
    """Return the pixels per axis of the moving image, if the file of the field or the image says.

    Parameters
    ----------
    field : FlowFieldFile
    moving : MovingImage or None

    Returns
    -------
    tuple of int or None
    """
    if field.moving_size is not None or moving is None:
        return field.moving_size
    return moving.size


def run(options):
    """Warp the input and write it.

    Returns
    -------
    int
        Exit status 0.
    """
    points = options.input.suffix.lower() in LANDMARK_SUFFIXES
    for name in ("labels", "channel", "time"):
        if points and getattr(options, name):
            raise ValueError(f"--{name} is for images and label maps. Received: landmarks {options.input}")
    for name in ("to_moving", "unit"):
        if getattr(options, name) and not points:
            raise ValueError(
                f"--{name.replace('_', '-')} is for landmarks ({', '.join(LANDMARK_SUFFIXES)}). "
                f"Received: input={options.input}"
            )
    slide_field = None if points else _slide_field(options)
    for name in ("compression", "tile"):
        if getattr(options, name) is not None and slide_field is None:
            raise ValueError(
                f"--{name} is for slides of which dirv-tf register took a level. Received: input={options.input}"
            )
    if slide_field is not None:
        _warp_slide(options, slide_field)
        return 0
    check_file_output(options.output, options.overwrite)
    (_warp_landmarks if points else _warp_image)(options)
    print(f"Written: {options.output}")
    return 0


def landmark_geometries(field):
    """Return where pixels of the fixed and of the moving image lie as landmarks count them: at full resolution.

    Parameters
    ----------
    field : FlowFieldFile

    Returns
    -------
    pair of ImageGeometry
    """
    from dirv_tf.io.slide_pyramids import full_geometry

    geometries = field.fixed_geometry, field.moving_geometry
    return tuple(full_geometry(geometry, level) for geometry, level in zip(geometries, field.levels))


def _slide_field(options):
    """Return the field of a level, where the input is a slide to be warped at full resolution; else None."""
    from dirv_tf import io

    # A displacement field of ITK knows nothing of levels.
    if not options.field.name.lower().endswith(".npz"):
        return None
    field = io.read_flow_field(options.field)
    if field.levels == (None, None):
        return None
    levels, moving = io.slide_levels(options.input), field.levels[1]
    return field if levels and levels[0].size == (field.moving_size if moving is None else moving.full_size) else None


def _warp_slide(options, field):
    from dirv_tf.cli.progress_line import ProgressLine
    from dirv_tf.registration import apply_to_slide

    if options.time is not None:
        raise ValueError(f"--time is not for whole slides. Received: input={options.input}")
    line = ProgressLine()
    try:
        written = apply_to_slide(
            options.input,
            field,
            options.output,
            channel=options.channel,
            labels=options.labels,
            compression=options.compression or "deflate",
            tile=512 if options.tile is None else options.tile,
            overwrite=options.overwrite,
            progress=lambda done, total: line(done, total, "blocks of the slide"),
        )
    finally:
        line.end()
    for note in written.notes:
        print(f"note: {options.input}: {note}", file=sys.stderr)
    kept = f", {written.kept} of {written.blocks} blocks by an earlier call" if written.kept else ""
    sizes = ", ".join(" x ".join(map(str, size)) for size in written.sizes)
    print(f"Written: {options.output}, levels of {sizes} pixels{kept}")


def _warp_landmarks(options):
    from dirv_tf import io
    from dirv_tf.registration import apply_to_landmarks

    moving = moving_image(options.moving)
    field = read_field(options.field, moving)
    fixed, moving_geometry = landmark_geometries(field)
    before, after = (fixed, moving_geometry) if options.to_moving else (moving_geometry, fixed)
    check_unit(options.unit, before, after)
    landmarks = io.read_landmarks(options.input, field.flow_field.shape[-1], before, options.unit)
    carried = apply_to_landmarks(
        landmarks,
        field.flow_field,
        inverse=options.to_moving,
        moving_size=moving_size(field, moving),
        levels=field.levels,
    )
    io.write_landmarks(options.output, carried, options.overwrite, after, options.unit)


def _warp_image(options):
    import numpy as np

    from dirv_tf import io
    from dirv_tf.registration import apply_to_image, apply_to_labels

    image = io.load_image(options.input, options.channel, options.time)
    show_notes(image)
    field = read_field(options.field, image)
    pixels = image.pixels
    if field.levels[1] is not None and pixels.shape[:2] != field.levels[1].size:
        sizes = (" x ".join(map(str, sides)) for sides in (field.levels[1].full_size, field.levels[1].size))
        raise ValueError(
            f"Expected an image of the moving slide's size, {', or of its level, '.join(sizes)}. "
            f"Received: {options.input} of {' x '.join(map(str, pixels.shape[:2]))} pixels"
        )
    if pixels.dtype == bool:
        # Between black and white lies gray; labels are numbers.
        pixels = pixels * np.uint8(1 if options.labels else 255)
    warped = (apply_to_labels if options.labels else apply_to_image)(pixels, field.flow_field, field.moving_size)
    geometry = field.fixed_geometry
    if field.levels[0] is not None:
        geometry = io.ImageGeometry.from_pixel_size(geometry.pixel_size)
        size = " x ".join(map(str, field.levels[0].size))
        print(f"note: warped onto level {field.levels[0].number} of the fixed slide, {size} pixels", file=sys.stderr)
    io.write_image(options.output, warped, geometry, overwrite=options.overwrite)
