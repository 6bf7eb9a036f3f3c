"""The command ``python -m experiments.counterpart``: does a hole in one image move the field around it?"""

from __future__ import annotations

import argparse
import sys

from dirv_tf.cli.command_line import exit_status, prepare_process
from experiments.arguments import add_output, at_least, say
from experiments.trainings_command import use_cores

_EPILOG = """\
Chessboards and tissue (make tissue-data) with known fields and of a seed that no training has, registered as they are
and with a torn part or a lesion pasted into the fixed image. Writes counterpart.json and a table.

examples:
  python -m experiments.counterpart
  python -m experiments.counterpart --model my_run --pairs 40
"""


def main(arguments=None):
    """Read the command line and carry out the measurement.

    Parameters
    ----------
    arguments : list of str or None
        By default those of this process.

    Returns
    -------
    int
        Exit status: 0 done, 2 a network or files that are not there.
    """
    prepare_process()
    options = _parser().parse_args(arguments)
    # TensorFlow takes seconds to load: the help and a wrong command line are answered before.
    from experiments.counterpart.run import measure_counterpart

    use_cores(options.threads)
    try:
        measure_counterpart(options.output, options.model, options.pairs, say)
    except (ValueError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0


def _parser():
    parser = argparse.ArgumentParser(
        prog="python -m experiments.counterpart",
        description="Measures how far a hole in one image moves the field around it.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--model", default="counterpart-2d", help="network with a mask (default: %(default)s)")
    parser.add_argument("--pairs", type=at_least(1), default=8, metavar="N", help="pairs per set (default: 8)")
    parser.add_argument("--threads", type=at_least(1), default=1, metavar="N", help="processor cores (default: 1)")
    add_output(parser, "counterpart")
    return parser


if __name__ == "__main__":
    sys.exit(exit_status(main))
