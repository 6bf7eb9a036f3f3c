"""The command ``python -m experiments.comparison.real``, which is ``make real``."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from dirv_tf.cli.command_line import exit_status, prepare_process
from experiments.arguments import at_least, say
from experiments.folders import CHECKOUT, OUTPUT

SETS = {"histology": CHECKOUT / "data" / "histology" / "pairs.csv"}
DEFAULT_OUTPUT = OUTPUT / "real"
_EPILOG = """\
Sections of one tissue in two stains are registered, and landmarks say how well. The shipped set is 20 pairs of mouse
lung; about half an hour on two processor cores. Other tables have the same columns (fixed, moving, fixed_landmarks,
moving_landmarks, exclude) or those of ANHIR's lists. A method that is measured again replaces its own row of an older
record of the same pairs. elastix is measured too where the package itk-elastix is installed.

Each table of docs/real_pairs.md is that of a record in experiments/results/real; once copied there:
python -m experiments.comparison.real_page

examples:
  python -m experiments.comparison.real
  python -m experiments.comparison.real --methods register-default --poses 2
  python -m experiments.comparison.real --pairs anhir/dataset_medium.csv --set anhir
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
    name = options.set or (options.pairs.stem if options.pairs else "histology")
    if options.pairs is None and name not in SETS:
        print(f"error: Expected a set among {', '.join(SETS)}, or --pairs. Received: {name}", file=sys.stderr)
        return 2
    # TensorFlow takes seconds to load: the help and a wrong command line are answered before.
    from experiments.comparison.real.methods import real_methods
    from experiments.comparison.real.pair_table import read_real_pairs
    from experiments.comparison.real.run import compare_on_real_pairs

    methods = real_methods()
    unknown = [method for method in options.methods or () if method not in methods]
    if unknown:
        print(f"error: Expected methods among {', '.join(methods)}. Received: {', '.join(unknown)}", file=sys.stderr)
        return 2
    chosen = [methods[method] for method in options.methods or methods]
    file = options.output / f"{name}{f'-{options.poses}-poses' if options.poses else ''}.json"
    try:
        pairs = read_real_pairs(options.pairs or SETS[name])
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
        description="Registers real pairs by the library and by classical methods, and measures by landmarks.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--pairs", type=Path, metavar="CSV", help="another table of pairs")
    parser.add_argument("--set", metavar="NAME", help="a shipped set (histology), or a name for the table's record")
    parser.add_argument("--methods", nargs="+", metavar="NAME", help="methods to measure (default: all)")
    parser.add_argument(
        "--poses", type=at_least(0), default=0, metavar="N",
        help="turn each moving image at random N times: any angle, shifts to 20 %% of the side, scales 0.8 to 1.25",
    )
    parser.add_argument("--side", type=at_least(32), default=512, help="longer side of the images (%(default)s)")
    parser.add_argument(
        "-o", "--output", type=Path, default=DEFAULT_OUTPUT, metavar="FOLDER",
        help="folder of the records (default: experiments/output/real)",
    )
    return parser


if __name__ == "__main__":
    sys.exit(exit_status(main))
