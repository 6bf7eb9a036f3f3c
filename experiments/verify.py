"""Checks all shipped weights by their checksums and their test rows: `python -m experiments.verify`."""

from __future__ import annotations

import argparse
import sys

from dirv_tf.cli.command_line import exit_status, prepare_process
from experiments.arguments import at_least, say

_EPILOG = """\
examples:
  python -m experiments.verify                all shipped networks for images, on a few hundred pairs each
  python -m experiments.verify best-3d F-1    these, also networks for volumes
  python -m experiments.verify --all          every network on all pairs of its test (hours on a CPU)

Each file must have the checksum on its card, hold the network of its run, and give the record once more, within 0.05
percentage points: by default on the pairs that the run tested after every epoch, with --pairs N where a run has a
record of just so many, with --all on all, whose row stands on the card. Runs whose images are not there are not tested
and say how the images are made. Exit status: 0 nothing differs; 1 something differs; 2 no such network, or one that was
named cannot be tested.
"""
_REMEDY = """
What differs: fetch the files of that network again (git checkout -- dirv_tf/weights/NAME experiments/results/NAME). If
they are as committed, another processor or version of TensorFlow computes differently: python -m experiments.evaluate
NAME shows the whole row."""


def main(arguments=None):
    """Read the command line and check the weights.

    Parameters
    ----------
    arguments : list of str, optional
        Default: those of this process.

    Returns
    -------
    int
        Exit status.
    """
    prepare_process()
    options = _parser().parse_args(arguments)
    from dirv_tf.models.pretrained import pretrained_names
    from dirv_tf.validation import ConfigError
    from experiments.reproduction.finished_run import find_run
    from experiments.reproduction.verification import DIFFERS, NOT_TESTED, table, verify

    try:
        names = options.names or pretrained_names(None if options.all else 2)
        runs = [find_run(name) for name in names]
    except ConfigError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    verdicts = verify(runs, options.pairs, options.all, say)
    print("\n".join(["", *table(verdicts)]))
    if any(each.state == DIFFERS for each in verdicts):
        print(_REMEDY, file=sys.stderr)
        return 1
    return 2 if options.names and any(each.state == NOT_TESTED for each in verdicts) else 0


def _parser():
    parser = argparse.ArgumentParser(
        prog="python -m experiments.verify",
        description="Checks shipped weights by their checksums and by the rows of their tests.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help="networks (default: all shipped ones for images)")
    count = parser.add_mutually_exclusive_group()
    count.add_argument("--pairs", type=at_least(1), metavar="N", help="the first N test pairs")
    count.add_argument("--all", action="store_true", help="all test pairs, and networks for volumes too")
    return parser


if __name__ == "__main__":
    sys.exit(exit_status(main))
