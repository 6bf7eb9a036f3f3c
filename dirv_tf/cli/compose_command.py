"""`dirv-tf compose`: maps one after the other, as one map."""

from __future__ import annotations

import functools
from pathlib import Path

from dirv_tf.cli.command_line import add_command
from dirv_tf.cli.map_arguments import add_options, field_line, placement, save_result, writes_file
from dirv_tf.cli.warp_command import moving_image, read_field

_EPILOG = """\
examples:
  dirv-tf register section_1.png section_2.png -o one_to_two
  dirv-tf register section_2.png section_3.png -o two_to_three
  dirv-tf compose one_to_two two_to_three -o one_to_three     section 3 on section 1, field, metrics, picture
  dirv-tf compose one_to_two two_to_three -o one_to_three.npz the field alone; no image is read
  dirv-tf compose atlas_to_mean.nii.gz mean_to_patient.nii.gz -o atlas_to_patient.nii.gz

The moving image of each map is the fixed image of the next: from A to B and from B to C gives from A to C, where the
image C is interpolated once. Folders and field files may be mixed. A chain may be longer than two. To go from C to A
instead, use `dirv-tf invert`.

That the maps meet on one grid is checked as far as the files say: the folder of a registration and a .npz field know
the moving image's grid, a displacement field of ITK lies in the world and is taken to end on the next one's grid.
Where a pixel passes outside the image in the middle, the next map goes on by its linear part alone.
"""


def add_parser(commands):
    """Add the subcommand to `dirv-tf`."""
    parser = add_command(
        commands,
        "compose",
        "join maps of registrations, or flow fields, end to end",
        "Makes one map of several, each of which begins on the image on which the one before ends.",
        _EPILOG,
        run,
    )
    parser.add_argument(
        "sources",
        nargs="+",
        type=Path,
        metavar="FIELD_OR_FOLDER",
        help="two or more folders of dirv-tf register, or flow fields",
    )
    add_options(parser, "the last moving image: its grid for an ITK field, the file itself if it is no longer there")


def run(options):
    """Compose, print what came of it and write it.

    Returns
    -------
    int
        Exit status 0.
    """
    if len(options.sources) < 2:
        raise ValueError(f"Expected at least two maps. Received: {options.sources[0]} alone")
    (_compose_fields if writes_file(options, options.sources) else _compose_folders)(options)
    return 0


def _compose_folders(options):
    from dirv_tf.registration.results.result_loading import result_with_images
    from dirv_tf.registration.results.saved_map import read_saved_map

    saved = [read_saved_map(source) for source in options.sources]
    fixed = [options.fixed, *[None] * (len(saved) - 1)]
    results = [result_with_images(*each) for each in zip(saved, fixed, reversed([options.moving, *fixed[1:]]))]
    composed = functools.reduce(lambda first, second: first.compose(second), results)
    save_result(options, composed, saved[0].field_name)


def _compose_fields(options):
    from dirv_tf import io
    from dirv_tf.io.flow_field_files import check_keeps_levels
    from dirv_tf.registration import compose_fields
    from dirv_tf.registration.results.derived_results import check_meeting, passing_line

    maps = _read(options)
    check_keeps_levels(options.output, (maps[0][0].levels[0], maps[-1][0].levels[1]))
    field = maps[0][0].flow_field
    lines = []
    for index, ((first, _), (second, linear)) in enumerate(zip(maps, maps[1:])):
        size = second.flow_field.shape[:-1]
        names = tuple(map(str, options.sources[index : index + 2]))
        levels = first.levels[1], second.levels[0]
        check_meeting(first.moving_size, size, first.moving_geometry, second.fixed_geometry, levels, names)
        lines.append(f"note           {passing_line(field, size)} ({names[1]})")
        field = compose_fields(field, second.flow_field, linear)
    begin, end = maps[0][0], maps[-1][0]
    print(f"grid           {' x '.join(map(str, field.shape[:-1]))} pixels of the first fixed image")
    print(field_line(field, placement(begin.fixed_geometry, end.moving_geometry)))
    print("\n".join(lines))
    size = end.moving_size or end.flow_field.shape[:-1]
    io.write_flow_field(
        options.output, field, begin.fixed_geometry, end.moving_geometry, options.overwrite, size,
        levels=(begin.levels[0], end.levels[1]),
    )
    print(f"Written: {options.output}")


def _read(options):
    """Return the fields, and their linear parts where these are known. The last one first: it says where it begins."""
    from dirv_tf import io
    from dirv_tf.registration.results.saved_map import read_saved_map

    maps = []
    for source in reversed(options.sources):
        if source.is_dir():
            saved = read_saved_map(source)
            field, linear = saved.field, saved.linear
        elif not maps:
            moving = moving_image(options.moving)
            field, linear = read_field(source, moving), None
            if moving is not None and field.moving_size is None:
                field = io.FlowFieldFile(field.flow_field, field.fixed_geometry, field.moving_geometry, moving.size)
        else:
            known = source.name.lower().endswith(".npz")
            field, linear = io.read_flow_field(source, None if known else maps[0][0].fixed_geometry), None
        maps.insert(0, (field, linear))
    return maps
