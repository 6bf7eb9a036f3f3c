"""Registers real pairs and images deformed by known fields, and shows in pictures and numbers what was found."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from dirv_tf.cli.command_line import exit_status, in_any_order, prepare_process
from experiments.folders import OUTPUT

DEFAULT_OUTPUT = OUTPUT / "demo"
DEFAULT_SEED = 1
_EPILOG = """\
First come real pairs, registered by dirv_tf.register(fixed, moving) as it is: sections of mouse lung in two stains,
with landmarks that say how well they fit, one of the moving images turned and shifted; and one tissue by two scanners.
Nobody knows the true field of these.

Then images are deformed by random affine plus non-rigid fields of a fixed seed, two pixels long on average as in the
networks' training. The deformed image is the fixed one, the original the moving one, so that the field to be found is
known exactly. They too are registered by the defaults; --model-2d and --model-3d name a network, which then registers
alone. The shipped networks have seen synthetic images only: gradient chessboards, and of volumes random shapes too.

examples:
  python -m experiments.demo                           all that is described above, a minute or two
  python -m experiments.demo --pair fixed.png moving.jpg         two images of your own, as a real pair
  python -m experiments.demo scan.nii.gz --side 64     the middle of a volume of your own, deformed by a known field
  python -m experiments.demo scan.nii.gz --side 64 --model-3d best-3d      the same: what to expect of best-3d alone
  python -m experiments.demo --model-2d experiments/output/A-1-20240101-120000

Images of your own are read as `dirv-tf register` reads them, color as gray. Of those to be deformed, the 0.5 and 99.5
percentiles become 0 and 1, and black is taken for empty. Many pairs, or landmarks of your own: `dirv-tf register
--pairs`.

The folder gets index.html, which shows everything, pictures/, and the tables real_pairs.csv and errors.csv. An older
demo in it is replaced.
"""


def main(arguments=None):
    """Read the command line and show the demo.

    Parameters
    ----------
    arguments : list of str, optional
        Default: those of this process.

    Returns
    -------
    int
        Exit status: 0 done, 1 a model or an image is missing or does not fit, or the folder cannot be written.
    """
    prepare_process()
    parser = _parser()
    options = parser.parse_args(arguments)
    _refuse_what_pairs_ignore(parser, options)
    # TensorFlow takes seconds to load: the help and a wrong command line are answered before.
    from dirv_tf.registration import choose_model
    from experiments.demo.cases import CASES, own_cases
    from experiments.demo.real_pairs import own_pairs, shipped_pairs

    try:
        models = {2: options.model_2d, 3: options.model_3d}
        for rank, model in models.items():
            if model is not None:
                choose_model(model, rank)
        pairs, cases = own_pairs(options.pair), own_cases(options.image)
        if not pairs and not cases:
            pairs, cases = shipped_pairs(), CASES
        seed = DEFAULT_SEED if options.seed is None else options.seed
        show(options.output, pairs, cases, models, seed, options.side)
    except (OSError, ImportError, ValueError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


def show(output, pairs, cases, models, seed, side=None):
    """Register everything, print the tables, and write pictures, tables and the page.

    Parameters
    ----------
    output : path
        Folder for index.html, pictures/, real_pairs.csv and errors.csv.
    pairs : sequence of DemoPair
        Real pairs; may be empty.
    cases : sequence of Case
        Images to be deformed by known fields; may be empty.
    models : dict from rank (2, 3) to what `dirv_tf.register` takes as a model
        For the known fields.
    seed : int
        Seed of the random fields.
    side : int, optional
        Only the middle of the deformed images, at most so many pixels along every axis.
    """
    from experiments.demo.known_section import known_section
    from experiments.demo.page import DemoPage
    from experiments.demo.real_section import real_section
    from experiments.demo.timed import TimedRegistration

    register, page, sections = TimedRegistration(), DemoPage(output), []
    if pairs:
        sections.append(real_section(pairs, register, page))
        print()
    if cases:
        sections.append(known_section(cases, seed, side, models, register, page))
        print()
    times = f"Times are those of warm calls; {register}."
    print(times)
    path = page.write(f"Pairs of images, registered by dirv_tf. {times}", sections)
    print(f"Look at {path}; the tables lie beside it.")


def _refuse_what_pairs_ignore(parser, options):
    """Real pairs are registered by the defaults: what concerns known fields would do nothing without any."""
    if options.pair and not options.image:
        for name in ("seed", "side", "model_2d", "model_3d"):
            if getattr(options, name) is not None:
                parser.error(
                    f"Expected --{name.replace('_', '-')} with images to be deformed by known fields. "
                    f"Received: --pair alone"
                )


def _pixels(text):
    if not text.isdigit() or int(text) < 8:
        raise argparse.ArgumentTypeError(f"expected an integer of at least 8 pixels. Received: {text}")
    return int(text)


def _parser():
    parser = argparse.ArgumentParser(
        prog="python -m experiments.demo",
        description=__doc__,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "image", nargs="*", help="images of your own, to be deformed by known fields, instead of all that is shipped"
    )
    parser.add_argument(
        "--pair", nargs=2, action="append", default=[], metavar=("FIXED", "MOVING"),
        help="a real pair of your own instead of all that is shipped; may be given several times",
    )
    parser.add_argument(
        "--side", type=_pixels, metavar="PIXELS",
        help="only the middle of the deformed images, at most so long along every axis",
    )
    parser.add_argument(
        "--output", type=Path, default=DEFAULT_OUTPUT, help="folder for page and tables (experiments/output/demo)"
    )
    parser.add_argument("--seed", type=int, help=f"seed of the random fields ({DEFAULT_SEED})")
    for rank in (2, 3):
        parser.add_argument(
            f"--model-{rank}d", metavar="MODEL",
            help=f"shipped network or weights file that alone registers deformed {'images' if rank == 2 else 'volumes'}"
            " (default: what dirv_tf.register chooses)",
        )
    in_any_order(parser)
    return parser


if __name__ == "__main__":
    sys.exit(exit_status(main))
