"""The command ``python -m experiments.comparison.real``, which is ``make real``."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from dirv_tf.cli.command_line import exit_status, prepare_process
from experiments.arguments import at_least, say
from experiments.comparison.real.pair_table import IMAGES_ALONE, SETS, read_real_pairs
from experiments.folders import OUTPUT

DEFAULT_OUTPUT = OUTPUT / "real"
_EPILOG = """\
Sections of one tissue in two stains are registered, and landmarks say how well: 20 pairs of mouse lung (set histology).
MR volumes of two people are registered, and Dice coefficients of labels say how well: 30 pairs (set hippocampus). Two
breathing phases of one chest are registered, and the intensity difference that is left says how well: one pair of CT
volumes (set lung_ct). All are measured, one after the other, unless one is named; in random poses the sections alone.

Other tables have the same columns (fixed, moving, and fixed_landmarks, moving_landmarks, exclude or fixed_labels,
moving_labels; with --intensities none of these) or those of ANHIR's lists. A method that is measured again replaces its
own row of an older record of the same pairs. elastix is measured too where the package itk-elastix is installed
(pip install 'dirv_tf[elastix]').

Each table of docs/real_pairs.md is that of a record in experiments/results/real; once copied there:
python -m experiments.comparison.real_page

examples:
  python -m experiments.comparison.real
  python -m experiments.comparison.real --set histology --methods register-default --poses 2
  python -m experiments.comparison.real --pairs anhir/dataset_medium.csv --set anhir
  python -m experiments.comparison.real --pairs brain_slices.csv --intensities
"""


def main(arguments=None):
    """Read the command line and carry out the comparison.

    Parameters
    ----------
    arguments : list of str or None
        By default those of this process.

    Returns
    -------
    int
        Exit status: 0 done, 1 a file or a package is missing or a method failed, 2 wrong command line.
    """
    prepare_process()
    options = _parser().parse_args(arguments)
    if options.pairs is None and options.set not in (None, *SETS):
        print(f"error: Expected a set among {', '.join(SETS)}, or --pairs. Received: {options.set}", file=sys.stderr)
        return 2
    if options.pairs:
        tables = {options.set or options.pairs.stem: options.pairs}
    else:
        shipped = ["histology"] if options.poses else list(SETS)
        tables = {name: SETS[name] for name in ([options.set] if options.set else shipped)}
    # TensorFlow takes seconds to load: the help and a wrong command line are answered before.
    from dirv_tf.io import load_image
    from experiments.comparison.real.methods import METHOD_NAMES, real_methods
    from experiments.comparison.real.run import compare_on_real_pairs

    unknown = [method for method in options.methods or () if method not in METHOD_NAMES]
    if unknown:
        names = ", ".join(METHOD_NAMES)
        print(f"error: Expected methods among {names}. Received: {', '.join(unknown)}", file=sys.stderr)
        return 2
    try:
        # All tables first: a wrong one is told before minutes of work.
        alone = set() if options.pairs else set(IMAGES_ALONE)
        sets = {
            name: read_real_pairs(table, options.intensities or name in alone) for name, table in tables.items()
        }
        for name, pairs in sets.items():
            # Landmarks are those of sections; their images are read when they are resized.
            rank = 2 if pairs[0].annotation == "landmarks" else load_image(pairs[0].fixed).geometry.rank
            methods = real_methods(rank)
            missing = [method for method in options.methods or () if method not in methods]
            if missing:
                raise ImportError(f"{', '.join(missing)} needs the package itk-elastix: pip install 'dirv_tf[elastix]'")
            file = options.output / f"{name}{f'-{options.poses}-poses' if options.poses else ''}.json"
            chosen = [methods[method] for method in options.methods or methods]
            compare_on_real_pairs(pairs, chosen, file, options.poses, options.side, report=say)
    except ValueError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except (ImportError, OSError, RuntimeError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


def _parser():
    parser = argparse.ArgumentParser(
        prog="python -m experiments.comparison.real",
        description="Registers real pairs by the library and by classical methods; landmarks, labels or intensities "
        "say how well.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--pairs", type=Path, metavar="CSV", help="another table of pairs")
    parser.add_argument(
        "--set", metavar="NAME", help=f"a shipped set ({', '.join(SETS)}), or a name for the record of --pairs"
    )
    parser.add_argument(
        "--intensities", action="store_true",
        help="judge by the intensity difference alone: for pairs of one contrast and size on which nothing was drawn",
    )
    parser.add_argument("--methods", nargs="+", metavar="NAME", help="methods to measure (default: all)")
    parser.add_argument(
        "--poses", type=at_least(0), default=0, metavar="N",
        help="turn each moving image with landmarks at random N times: any angle, shifts to 20 %% of the side, scales "
        "0.8 to 1.25",
    )
    parser.add_argument(
        "--side", type=at_least(32), metavar="PIXELS",
        help="longer side that images with landmarks get (512), or sides that those with labels are padded to (64)",
    )
    parser.add_argument(
        "-o", "--output", type=Path, default=DEFAULT_OUTPUT, metavar="FOLDER",
        help="folder of the records (default: experiments/output/real)",
    )
    return parser


if __name__ == "__main__":
    sys.exit(exit_status(main))
