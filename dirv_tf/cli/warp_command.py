"""`dirv-tf warp`: applies a flow field to an image, a label map or landmarks."""

from __future__ import annotations

from pathlib import Path

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

Images and label maps belong to the moving image and come out on the fixed one, whose size may differ. Landmarks move
the same way: to where their content lies in the registered image. The suffix of the output chooses its format.

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
    add_unit(parser)
    parser.add_argument("--overwrite", action="store_true", help="replace an existing file")


def moving_image(path):
    """Return the moving image, of which only the size and the geometry count: any channel and time will do.

    Parameters
    ----------
    path : Path or None

    Returns
    -------
    ImageFile or None
    """
    from dirv_tf import io

    return path and io.load_image(path, channel=0, time=0)


def read_field(path, moving=None):
    """Read a flow field for an image of the moving side.

    Parameters
    ----------
    path : Path
    moving : ImageFile or None
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
    moving : ImageFile or None

    Returns
    -------
    tuple of int or None
    """
    if field.moving_size is not None or moving is None:
        return field.moving_size
    return moving.pixels.shape[: field.flow_field.shape[-1]]


def run(options):
    """Warp the input and write it.

    Returns
    -------
    int
        Exit status 0.
    """
    check_file_output(options.output, options.overwrite)
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
    (_warp_landmarks if points else _warp_image)(options)
    print(f"Written: {options.output}")
    return 0


def _warp_landmarks(options):
    from dirv_tf import io
    from dirv_tf.registration import apply_to_landmarks

    moving = moving_image(options.moving)
    field = read_field(options.field, moving)
    geometries = [field.moving_geometry, field.fixed_geometry]
    before, after = reversed(geometries) if options.to_moving else geometries
    check_unit(options.unit, before, after)
    landmarks = io.read_landmarks(options.input, field.flow_field.shape[-1], before, options.unit)
    carried = apply_to_landmarks(
        landmarks, field.flow_field, inverse=options.to_moving, moving_size=moving_size(field, moving)
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
    if pixels.dtype == bool:
        # Between black and white lies gray; labels are numbers.
        pixels = pixels * np.uint8(1 if options.labels else 255)
    warped = (apply_to_labels if options.labels else apply_to_image)(pixels, field.flow_field, field.moving_size)
    io.write_image(options.output, warped, field.fixed_geometry, overwrite=options.overwrite)
