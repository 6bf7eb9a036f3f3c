"""The command ``python -m experiments.comparison.families``, which is ``make comparison``."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from dirv_tf.cli.command_line import exit_status, prepare_process
from experiments.arguments import at_least, say
from experiments.folders import OUTPUT

DEFAULT_OUTPUT = OUTPUT / "comparison"
REAL = ("histology", "hippocampus")
_EPILOG = """\
Every shipped family of networks registers the same pairs, of seeds that nothing was trained or tuned on: in one pass,
with recurrent refinement, and with the optimization of the pair behind it; beside them that optimization alone, the
library's own call, demons and B-splines, one pair at a time. Rows that the record in the output folder holds already
are skipped, so the command can be stopped and called again, also with more networks; other pairs take another folder.
`make comparison` gives TensorFlow one thread, so that all rows say what one core does.

docs/comparison.md is written from the record in experiments/results/comparison; once copied there:
python -m experiments.comparison.families.page

examples:
  python -m experiments.comparison.families
  python -m experiments.comparison.families --set chessboards-64 --pairs 40 -o forty
  python -m experiments.comparison.families --network experiments/output/my-run-20240101-120000
"""


def main(arguments: list[str] | None = None) -> int:
    """Read the command line and carry out the comparison.

    Parameters
    ----------
    arguments : list of str or None
        By default those of this process.

    Returns
    -------
    int
        Exit status: 0 done, 1 a package or a file is missing or a method failed, 2 wrong command line, 130 stopped by
        Ctrl-C.
    """
    prepare_process()
    options = _parser().parse_args(arguments)
    # TensorFlow takes seconds to load: the help and a wrong command line are answered before.
    from experiments.comparison.families.networks import default_networks, load_networks
    from experiments.comparison.families.pair_sets import SETS
    from experiments.comparison.families.real_sets import compare_on_real_sets
    from experiments.comparison.families.run import compare_families
    from experiments.comparison.families.ways import CLASSICAL, WAYS

    known = {each.name: each for each in SETS}
    unknown = [name for name in options.set if name not in (*known, *REAL)]
    if unknown:
        legal = ", ".join((*known, *REAL))
        print(f"error: Expected sets among {legal}. Received: {', '.join(unknown)}", file=sys.stderr)
        return 2
    ways = (*WAYS, *CLASSICAL)
    if not set(options.way) <= set(ways):
        print(f"error: Expected ways among {', '.join(ways)}. Received: {', '.join(options.way)}", file=sys.stderr)
        return 2
    chosen = options.set or (*known, *REAL)
    try:
        networks = load_networks((*(() if options.only else default_networks()), *options.network))
        sets = [known[name] for name in chosen if name in known]
        if sets:
            compare_families(sets, networks, options.output, options.pairs, options.way or WAYS, say)
        real = [name for name in chosen if name in REAL]
        if real:
            compare_on_real_sets(real, networks, options.output, options.real_pairs, options.way or WAYS, say)
    except ValueError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except (ImportError, OSError, RuntimeError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


def _parser():
    parser = argparse.ArgumentParser(
        prog="python -m experiments.comparison.families",
        description="Compares the families of networks on the same unseen pairs.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--set", action="append", default=[], metavar="NAME", help="a set of pairs (default: all)")
    parser.add_argument(
        "--network", action="append", default=[], metavar="NAME|FOLDER",
        help="one more network: a shipped one, or the folder of a finished run; repeatable",
    )
    parser.add_argument("--only", action="store_true", help="the networks of --network alone")
    parser.add_argument(
        "--pairs", type=at_least(1), default=10, help="pairs per set of images; of volumes at most 4 (%(default)s)"
    )
    parser.add_argument("--real-pairs", type=at_least(1), default=6, help="pairs per real set (%(default)s)")
    parser.add_argument(
        "--way", action="append", default=[], metavar="NAME",
        help="once, refined, optimized, optimization, register, classical, demons or B-splines; repeatable (all)",
    )
    parser.add_argument(
        "-o", "--output", type=Path, default=DEFAULT_OUTPUT, metavar="FOLDER",
        help="folder of the record (default: experiments/output/comparison)",
    )
    return parser


if __name__ == "__main__":
    sys.exit(exit_status(main))
