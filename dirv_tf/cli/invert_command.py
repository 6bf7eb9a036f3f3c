"""`dirv-tf invert`: the map of a registration the other way."""

from __future__ import annotations

from pathlib import Path

from dirv_tf.cli.command_line import add_command
from dirv_tf.cli.map_arguments import add_options, field_line, placement, save_result, writes_file
from dirv_tf.cli.warp_command import moving_image, moving_size, read_field

_EPILOG = """\
examples:
  dirv-tf invert result -o inverse                        the fixed image on the moving one, field, metrics, picture
  dirv-tf invert result -o inverse.npz                    the inverse field alone; no image is read
  dirv-tf invert field.nii.gz -o inverse.nii.gz           a displacement field of ITK, ANTs or 3D Slicer
  dirv-tf invert field.nii.gz -o inverse.nii.gz --moving moving.nii.gz
  dirv-tf warp atlas_labels.nii.gz inverse/flow_field.nii.gz -o labels_on_moving.nii.gz --labels

A registration carries what belongs to the MOVING image onto the fixed one. Its inverse carries what belongs to the
FIXED image onto the moving one: an atlas, a label map that was drawn there. It lies on the moving image's grid, which
the folder of a registration and a .npz field know. A displacement field of ITK does not; without --moving, the grid is
that of the fixed image.

Where the moving image shows what lies outside the fixed one, or the field folds, there is no inverse. The field is
finite there but means little; a folder then has a mask, has_inverse, that is 255 where there is an inverse and 0
elsewhere. "there and back" is how far a pixel ends from where it started: one of the inverse by the inverse and then
the map, and one of the other image, which falls between the pixels of the inverse, by the map and then the inverse.
"""


def add_parser(commands):
    """Add the subcommand to `dirv-tf`."""
    parser = add_command(
        commands,
        "invert",
        "invert the map of a registration, or a flow field",
        "Finds where each pixel of the MOVING image lies in the FIXED one.",
        _EPILOG,
        run,
    )
    parser.add_argument(
        "source", type=Path, metavar="FIELD_OR_FOLDER", help="folder of dirv-tf register, or a flow field"
    )
    add_options(parser, "the moving image: its grid for an ITK field, the file itself if it is no longer there")


def run(options):
    """Invert, print what came of it and write it.

    Returns
    -------
    int
        Exit status 0.
    """
    to_file = writes_file(options, [options.source])
    if options.source.is_dir():
        _invert_folder(options, to_file)
    else:
        _invert_field(options)
    return 0


def _invert_folder(options, to_file):
    from dirv_tf.io.flow_field_files import check_keeps_levels
    from dirv_tf.registration import invert_field
    from dirv_tf.registration.results.result_loading import result_with_images
    from dirv_tf.registration.results.saved_map import read_saved_map

    saved = read_saved_map(options.source)
    if to_file:
        if options.moving:
            raise ValueError(
                "--moving is for a field without a grid of the moving image, or a folder as the output. "
                f"Received: --moving {options.moving}, and a folder that knows the grid: {options.source}"
            )
        field = saved.field
        check_keeps_levels(options.output, field.levels)
        found = _with_progress(lambda line: invert_field(field.flow_field, field.moving_size, saved.linear, line))
        _write(options, found, field)
        return
    result = result_with_images(saved, options.fixed, options.moving)
    save_result(options, _with_progress(result.inverse), saved.field_name)


def _invert_field(options):
    from dirv_tf.io.flow_field_files import check_keeps_levels
    from dirv_tf.registration import invert_field

    moving = moving_image(options.moving)
    field = read_field(options.source, moving)
    check_keeps_levels(options.output, field.levels)
    size = moving_size(field, moving)
    sizes = [size] if field.levels[1] is None else [field.levels[1].full_size, size]
    if moving is not None and moving.size not in map(tuple, sizes):
        raise ValueError(
            f"Expected the moving image that the field was made for, of {' x '.join(map(str, sizes[0]))} pixels. "
            f"Received: --moving {options.moving} of {' x '.join(map(str, moving.size))}"
        )
    if size is None:
        size = field.flow_field.shape[:-1]
        print("note           the field does not know the moving image's grid, the fixed one's is taken; see --moving")
    found = _with_progress(lambda line: invert_field(field.flow_field, size, progress=line))
    _write(options, found, field)


def _write(options, found, field):
    """Print the summary of an inverse field, and write it."""
    from dirv_tf import io
    from dirv_tf.registration.results.derived_results import inverse_lines

    size = found.flow_field.shape[:-1]
    initial = placement(field.moving_geometry, field.fixed_geometry)
    print(f"grid           {' x '.join(map(str, size))} pixels of the moving image")
    print(field_line(found.flow_field, initial))
    for line in inverse_lines(found):
        print(f"note           {line}")
    io.write_flow_field(
        options.output,
        found.flow_field,
        field.moving_geometry,
        field.fixed_geometry,
        overwrite=options.overwrite,
        moving_size=field.flow_field.shape[:-1],
        levels=field.levels[::-1],
    )
    print(f"Written: {options.output}")


def _with_progress(compute):
    """Compute with a line that says how far it is."""
    from dirv_tf.cli.progress_line import ProgressLine

    line = ProgressLine()
    try:
        return compute(lambda done, total: line(100 * done // total, 100, "percent of the pixels found"))
    finally:
        line.end()
