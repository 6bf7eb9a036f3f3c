"""`dirv-tf evaluate`: the metrics of a flow field, with landmarks, label maps or a true field where there are any."""

from __future__ import annotations

from pathlib import Path

from dirv_tf.cli.command_line import add_command
from dirv_tf.cli.file_options import LANDMARK_FORMATS, add_unit, check_unit, show_notes
from dirv_tf.cli.map_arguments import placement
from dirv_tf.cli.output_options import check_file_output
from dirv_tf.cli.warp_command import MovingImage, landmark_geometries, moving_image, moving_size, read_field

_EPILOG = f"""\
examples:
  dirv-tf evaluate result/flow_field.npz
  dirv-tf evaluate result/flow_field.npz --landmarks fixed.csv moving.csv -o metrics.json
  dirv-tf evaluate result/flow_field.nii.gz --landmarks fixed.mrk.json moving.mrk.json --moving moving.nii.gz
  dirv-tf evaluate field.nii.gz --labels fixed_labels.nii.gz moving_labels.nii.gz
  dirv-tf evaluate result/flow_field.npz --true-field true.npz

TRE is the distance between a landmark of the fixed image and the one of the same name carried over from the moving
image; rTRE the same divided by the image diagonal, as in the ANHIR challenge. Dice (1 is perfect) and HD95, the
Hausdorff distance that 95 % of the surface points keep, are given per label. "folded" is the share of pixels where the
Jacobian determinant is not positive, SDlogJ the standard deviation of its logarithm, as in Learn2Reg.

{LANDMARK_FORMATS}
"""


def add_parser(commands):
    """Add the subcommand to `dirv-tf`."""
    parser = add_command(
        commands,
        "evaluate",
        "measure a flow field by landmarks, label maps or the true field",
        "Measures a flow field: its smoothness always, its accuracy where there is something to compare.",
        _EPILOG,
        run,
    )
    pair = {"nargs": 2, "type": Path, "metavar": ("FIXED", "MOVING")}
    parser.add_argument("field", type=Path, help="flow field from dirv-tf register, or a displacement field of ITK")
    parser.add_argument("--landmarks", **pair, help="two files of landmarks, paired by their names")
    add_unit(parser)
    parser.add_argument("--labels", **pair, help="two label maps; 0 is the background")
    parser.add_argument("--true-field", type=Path, metavar="FIELD", help="the field that should have been found")
    parser.add_argument(
        "--moving",
        type=Path,
        metavar="IMAGE",
        help="for an ITK field: the moving image, if its origin differs from the fixed one's",
    )
    parser.add_argument("-o", "--output", type=Path, metavar="FILE", help="write the metrics as JSON too")
    parser.add_argument("--overwrite", action="store_true", help="replace an existing file")


def run(options):
    """Measure, print and, where asked, write the metrics.

    Returns
    -------
    int
        Exit status 0.
    """
    if options.output:
        check_file_output(options.output, options.overwrite)
    from dirv_tf import io
    from dirv_tf.io.atomic_write import write_json
    from dirv_tf.registration import evaluate_field

    if options.unit and not options.landmarks:
        raise ValueError(f"--unit is for --landmarks. Received: --unit {options.unit} alone")
    labels = options.labels and tuple(io.load_image(path) for path in options.labels)
    for image in labels or ():
        show_notes(image)
    moving = moving_image(options.moving) or (labels and MovingImage.of(labels[1]))
    field = read_field(options.field, moving)
    rank = field.flow_field.shape[-1]
    true = options.true_field and read_field(options.true_field, moving).flow_field
    geometries = landmark_geometries(field)
    check_unit(options.unit, *geometries)
    landmarks = options.landmarks and tuple(
        io.read_landmarks(path, rank, geometry, options.unit) for path, geometry in zip(options.landmarks, geometries)
    )
    # A file that knows no pixel size says one "millimeter" per pixel: lengths then are in pixels alone.
    unit = io.ImageGeometry.unit(rank)
    known = not field.fixed_geometry.is_close(unit)
    pixel_size = field.fixed_geometry.pixel_size if known else None
    initial = placement(field.fixed_geometry, field.moving_geometry)
    measured = evaluate_field(
        field.flow_field,
        pixel_size,
        true,
        landmarks,
        labels and tuple(_numbers(image.pixels) for image in labels),
        moving_size(field, moving),
        initial,
        field.levels,
    )
    for section, values in measured.items():
        print("\n".join(_lines(section, values, "")))
    if options.output:
        write_json(options.output, measured)
        print(f"Written: {options.output}")
    return 0


def _numbers(labels):
    # A map of 1 bit has the labels 0 and 1.
    return labels.astype("uint8") if labels.dtype == bool else labels


def _lines(name, value, indent):
    if isinstance(value, dict):
        return [f"{indent}{name}"] + [line for key, each in value.items() for line in _lines(key, each, indent + "  ")]
    text = f"{value:.6g}" if isinstance(value, float) else value
    return [f"{indent}{name:<{max(1, 28 - len(indent))}} {text}"]
