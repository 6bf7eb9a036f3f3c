"""`dirv-tf register`: two image files in, the registered image, the field, the metrics and a picture out."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path

from dirv_tf.cli import register_pairs_command
from dirv_tf.cli.command_line import add_command, in_any_order
from dirv_tf.cli.file_options import add_choices, pair_choice
from dirv_tf.cli.output_options import check_result_output

# As in `dirv_tf.register`, whose module takes TensorFlow along.
ALIGNMENTS = ("auto", "none", "translation", "rigid", "similarity", "affine")
SIMILARITIES = ("auto", "mse", "ncc", "lncc", "mind")
EFFORTS = ("fast", "default", "best")

_EPILOG = """\
examples:
  dirv-tf register fixed.png moving.png -o result
  dirv-tf register fixed.nii.gz moving.nii.gz -o result --effort best
  dirv-tf register he.tif ki67.tif -o result --align rigid
  dirv-tf register fixed.tif moving.tif -o result --model my_run --normalize each
  dirv-tf register fixed.png moving.png -o result --landmarks fixed.csv moving.csv
  dirv-tf register cells.ome.tif cells2.ome.tif -o result --channel DAPI
  dirv-tf register he.svs ki67.svs -o result --level 3
  dirv-tf register fixed.png moving.png -o result --uncertainty       where not to trust the field
  dirv-tf register study/t1 study/t2 -o result                folders with the slices of a DICOM series

The images may differ in size, and be rotated, shifted and scaled against each other, of another stain, scanner or
contrast: without --model all of that is looked for, and the notes say what was found. With --model the images are
registered by that network alone, which knows displacements of about ten pixels; --align and --optimize add the rest.
Files that know where they lie in the world (NIfTI, MetaImage, NRRD, DICOM) start there.

Color is turned into gray for the registration. TIFF (also multi-page volumes), PNG, JPEG, BMP, WebP and NumPy's .npy
are read; NIfTI, MetaImage, NRRD and DICOM (a file, or a folder with one series; of several, FOLDER/UID names one) with
pip install 'dirv_tf[volumes]'. Images stored sideways or with white as 0 are read as they are meant, and a note says
so. Of a file with several channels or times choose one: --channel 0, --channel DAPI, --time 3; with two values, the
first is of FIXED and the second of MOVING. Of a slide (a TIFF with one image at several resolutions) a coarse level is
registered, and dirv-tf warp applies the field at full resolution; the notes say which level, --level chooses another.

The folder then holds the registered image in the moving file's format and its own intensities, the flow field
(flow_field.npz for `dirv-tf warp` and Python; for medical volumes a displacement field that ITK, ANTs and 3D Slicer
apply), affine.tfm (its linear part alone, as an ITK transform), metrics.json, and registration.png: look at it first.
dirv-tf invert and dirv-tf compose take the folder.

With --uncertainty, a network that looks at the images and the field, whatever found it, adds the standard deviation of
every component in pixels: 90 % of the errors are expected within 1.645 times its value. The folder then has
uncertainty.npz (of medical volumes in the format of the field), and uncertainty.png: bright is where not to trust the
field. It knows textured pairs of one contrast: of two stains it says little, and in large even areas it predicts too
small values. Another network (a folder or file of weights) may be named behind the option; for volumes none is shipped.
"""


def add_parser(commands):
    """Add the subcommand to `dirv-tf`."""
    parser = add_command(
        commands,
        "register",
        "register two images, or many pairs",
        "Finds where each pixel of FIXED lies in MOVING, and warps MOVING onto FIXED; or does so for a table of pairs.",
        _EPILOG + "\n" + register_pairs_command.EPILOG,
        run,
    )
    parser.usage = (
        "dirv-tf register FIXED MOVING -o FOLDER [options]\n       dirv-tf register --pairs TABLE -o FOLDER [options]"
    )
    parser.add_argument("fixed", nargs="?", type=Path, metavar="FIXED", help="the image that stays")
    parser.add_argument("moving", nargs="?", type=Path, metavar="MOVING", help="the image that is warped onto it")
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="FOLDER", help="folder for the results")
    parser.add_argument(
        "--align",
        choices=ALIGNMENTS,
        help="linear map to look for first, from any pose (auto: where it is needed; none with --model)",
    )
    parser.add_argument(
        "--similarity",
        choices=SIMILARITIES,
        default="auto",
        help="what is compared: intensities (mse, ncc), local structure (lncc: stains, scanners; mind: any contrast); "
        "auto: as the pair needs",
    )
    parser.add_argument(
        "--effort", choices=EFFORTS, default="default", help="how much is computed (%(default)s)"
    )
    parser.add_argument(
        "--model", help="register by this network: a shipped one (dirv-tf info), or folder or file of weights"
    )
    parser.add_argument(
        "--optimize",
        action="store_true",
        default=None,
        help="with --model: optimize its field for the pair (as --similarity does by itself)",
    )
    parser.add_argument(
        "--refine",
        nargs="?",
        type=int,
        const=True,
        default=False,
        metavar="ROUNDS",
        help="register the result again as long as it gets better, at most so many times (10)",
    )
    parser.add_argument(
        "--normalize",
        choices=("model", "type", "joint", "each"),
        default="model",
        help="intensities to [0, 1]: as the model's card says (default); by the range of the number type; by the "
        "pair's common range; each image by its own 0.5 and 99.5 percentiles",
    )
    parser.add_argument(
        "--pixel-size",
        nargs="+",
        type=float,
        metavar="MM",
        help="in millimeters, one number or one per array axis; of slides that of full resolution",
    )
    add_choices(parser, pair=True)
    parser.add_argument(
        "--level",
        nargs="+",
        metavar="NUMBER",
        help="of slides: the level to register, 0 being the finest (default: the finest of at most two million "
        "pixels); two: of FIXED and of MOVING, none where it is to be found",
    )
    parser.add_argument(
        "--landmarks",
        nargs=2,
        type=Path,
        metavar=("FIXED", "MOVING"),
        help="two files of landmarks, paired by their names, that say where the pair lies (one pair; without --model)",
    )
    parser.add_argument(
        "--uncertainty",
        nargs="?",
        const=register_pairs_command.UNCERTAINTY_MODEL,
        metavar="MODEL",
        help="also how far the field may be from the truth, in pixels, by this network (uncertainty-2d; one pair)",
    )
    parser.add_argument("--tile", type=int, metavar="PIXELS", help="side of the tiles (default: only large images)")
    parser.add_argument(
        "--field-format",
        choices=("npz", "nii.gz", "nii", "mha", "nrrd"),
        help="format of the flow field; of levels of slides npz alone",
    )
    parser.add_argument("--overwrite", action="store_true", help="replace results of an earlier registration")
    register_pairs_command.add_arguments(parser)
    in_any_order(parser)


def run(options):
    """Register, print the metrics and write the folder; or do so for many pairs.

    Returns
    -------
    int
        Exit status: 0 done, 1 a pair of many failed, 2 neither one pair nor many.
    """
    wrong = register_pairs_command.wrong_choice(options)
    if wrong:
        print(f"error: {wrong}", file=sys.stderr)
        return 2
    if options.pairs is not None:
        return register_pairs_command.run(options, _register_options(options))
    check_result_output(options.output, options.overwrite)
    from dirv_tf.registration import register
    from dirv_tf.registration.networks.model_choice import check_named
    from dirv_tf.registration.results.result_folder import check_field_format, check_result_folder

    check_result_folder(options.output, options.overwrite)
    chosen = _register_options(options)
    if options.uncertainty is not None:
        # Before the work: a network that is missing or made for something else.
        check_named(options.uncertainty, "uncertainty")
    check_field_format(options.field_format, options.fixed, options.moving, chosen["level"])
    result = register(
        options.fixed,
        options.moving,
        **chosen,
        landmarks=options.landmarks and tuple(options.landmarks),
        progress=_show_progress if sys.stdout.isatty() else None,
        status=_show_stage if sys.stdout.isatty() else None,
    )
    print(("\r\x1b[K" if sys.stdout.isatty() else "") + "\n".join(_lines(options, result)))
    result.save(options.output, overwrite=options.overwrite, field_format=options.field_format)
    if options.uncertainty is not None:
        _judge(options, result)
    print(f"Written to {options.output}: {', '.join(sorted(path.name for path in options.output.iterdir()))}")
    field = options.output / "flow_field.npz"
    if result.levels[1] is not None and field.exists():
        print(f"The whole slide, at full resolution: {_warp_command(options.moving, field, result.choices[1][0])}")
    return 0


def _judge(options, result):
    """Add the uncertainty to a registration that is saved: whatever happens meanwhile, that one is there."""
    import numpy as np

    try:
        judged = result.with_uncertainty(options.uncertainty)
        judged.save(options.output, overwrite=True, field_format=options.field_format)
    except BaseException:
        print(f"The registration, without its uncertainty, is in {options.output}")
        raise
    low, middle, high = np.percentile(np.linalg.norm(judged.standard_deviation, axis=-1), [5, 50, 95])
    print(f"uncertainty        median {middle:.2f} px, from {low:.2f} (5 %) to {high:.2f} px (95 % of the pixels)")


def _warp_command(moving, field, channel):
    """Return the command that warps the whole slide, for a shell."""
    chosen = [] if channel is None else ["--channel", str(channel)]
    return shlex.join(["dirv-tf", "warp", str(moving), str(field), "-o", "moved.ome.tif", *chosen])


def _register_options(options):
    """Return the arguments of `register` that hold for one pair or many."""
    return {
        "model": options.model,
        "align": options.align,
        "similarity": options.similarity,
        "effort": options.effort,
        "optimize": options.optimize,
        "refine": options.refine,
        "normalize": options.normalize,
        "pixel_size": options.pixel_size,
        "channel": pair_choice("channel", options.channel),
        "time": pair_choice("time", options.time),
        "level": _numbers(pair_choice("level", options.level)),
        "tile": options.tile,
    }


def _numbers(levels):
    if levels is None or isinstance(levels, tuple):
        return levels and tuple(map(_numbers, levels))
    if not levels.isdecimal():
        raise ValueError(f"Expected the number of a level, 0 being the finest. Received: --level {levels}")
    return int(levels)


def _lines(options, result):
    from dirv_tf.metrics.names import METRIC_NAMES

    values, quality = result.metrics(), result.quality
    size = " x ".join(map(str, result.size))
    rounds = f", {result.rounds} rounds" if options.refine else ""
    return [
        f"fixed    {options.fixed}   {size} pixels",
        f"moving   {options.moving}",
        f"method   {result.model_name}{rounds}, {result.seconds:.2f} s",
        *(f"note     {note}" for note in result.notes),
        f"mean |difference|  {100 * values['difference_before']:.2f} -> {100 * values['difference_after']:.2f} % of "
        "the intensity range",
        f"displacements      mean {values['displacement_mean_px']:.2f} px, largest "
        f"{values['displacement_max_px']:.2f} px; {METRIC_NAMES['folded_percent'].text(values['folded_percent'])}",
        f"alike (structure)  {quality.similarity_before:.2f} -> {quality.similarity_after:.2f}; "
        f"{100 * quality.support:.0f} % of the fixed image lie in the moving one",
        *(f"WARNING  {warning}" for warning in quality.warnings),
    ]


def _show_stage(stage):
    print(f"\r\x1b[K{stage} ...", end="", flush=True)


def _show_progress(done, total):
    end = "\n" if done == total else ""
    print(f"\rtile {done} of {total}", end=end, flush=True)
