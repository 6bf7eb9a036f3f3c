"""The command ``python -m experiments.comparison``, which is ``make classical``."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from dirv_tf.cli.command_line import exit_status, prepare_process
from dirv_tf.validation import ConfigError
from experiments.arguments import at_least, say
from experiments.folders import OUTPUT

DEFAULT_NETWORKS = ["A-6", "A-1", "best-2d", "F-1-quick", "best-3d"]
DEFAULT_OUTPUT = OUTPUT / "classical"
_EPILOG = """\
Diffeomorphic demons and B-splines of SimpleITK are tuned by a random search on pairs of the training seed, then they
and the shipped networks register the same test pairs, one by one. About half an hour on one processor core; the
search and all its trials are written down beside the result. The library's own call, which chooses network and
optimization by itself, stands beside them. Volumes take hours with the classical methods and minutes without.

examples:
  python -m experiments.comparison
  python -m experiments.comparison --set chessboards-64 --pairs 20 --trials 4
  python -m experiments.comparison --network A-6 --network A-1
  python -m experiments.comparison --without-classical
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
        Exit status: 0 done, 1 SimpleITK is missing or a method failed, 2 wrong command line.
    """
    prepare_process()
    options = _parser().parse_args(arguments)
    # TensorFlow takes seconds to load: the help and a wrong command line are answered before.
    from experiments.comparison.pair_sets import SETS
    from experiments.comparison.run import compare

    known = {pair_set.name: pair_set for pair_set in SETS}
    unknown = [name for name in options.set if name not in known]
    if unknown:
        print(f"error: Expected sets among {', '.join(known)}. Received: {', '.join(unknown)}", file=sys.stderr)
        return 2
    sets = [known[name] for name in options.set or known]
    numbers = (options.trials, options.tuning_pairs, options.pairs)
    try:
        compare(
            sets, options.network or DEFAULT_NETWORKS, options.output, *numbers, report=say,
            classical=not options.without_classical,
        )
    except (ConfigError, ValueError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except (ImportError, OSError, RuntimeError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


def _parser():
    parser = argparse.ArgumentParser(
        prog="python -m experiments.comparison",
        description="Compares tuned classical registration with the shipped networks on the same unseen pairs.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--set", action="append", default=[], metavar="NAME", help="a set of pairs (default: all)")
    parser.add_argument(
        "--network",
        action="append",
        metavar="NAME",
        help=f"a shipped network; repeatable (default: {', '.join(DEFAULT_NETWORKS)})",
    )
    parser.add_argument("--pairs", type=at_least(1), default=100, help="test pairs per set (default: %(default)s)")
    parser.add_argument("--trials", type=at_least(1), default=12, help="settings tried per method (%(default)s)")
    parser.add_argument("--tuning-pairs", type=at_least(1), default=8, help="pairs per trial (default: %(default)s)")
    parser.add_argument(
        "--without-classical", action="store_true", help="networks and the library's own call alone; nothing is tuned"
    )
    parser.add_argument(
        "-o", "--output", type=Path, default=DEFAULT_OUTPUT, metavar="FOLDER",
        help="folder of the result (default: experiments/output/classical)",
    )
    return parser


if __name__ == "__main__":
    sys.exit(exit_status(main))
