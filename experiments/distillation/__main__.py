"""The command ``python -m experiments.distillation``: how close a small network comes to its teacher."""

from __future__ import annotations

import argparse
import sys

from dirv_tf.cli.command_line import exit_status, prepare_process
from dirv_tf.training.config.config_loading import parse_override
from experiments.arguments import add_output, at_least, say
from experiments.trainings_command import exit_status_of, use_cores

_EPILOG = """\
Small U-Nets are trained on the same pairs of chessboards and tissue in equally many steps: on intensities alone, on the
fields that a teacher finds (best-2d, its field optimized for the pair), and on the known fields. Then all register
unseen pairs, beside the teacher. Needs the set of `make tissue-data`. Finished students are kept, stopped ones gone on
with.

examples:
  python -m experiments.distillation
  python -m experiments.distillation --members small-taught small-known --set training.epochs=2
"""


def main(arguments=None):
    """Read the command line, train the students and measure them.

    Parameters
    ----------
    arguments : list of str or None
        By default those of this process.

    Returns
    -------
    int
        Exit status: 0 done, 1 a training failed, 2 wrong command line or files, 130 stopped by Ctrl-C, 143 by SIGTERM.
    """
    prepare_process()
    from experiments.distillation.members import MEMBERS

    options = _parser(list(MEMBERS)).parse_args(arguments)
    from experiments.distillation.run import compare_students

    def work():
        overrides = dict(map(parse_override, options.set))
        compare_students(options.output, options.members, options.pairs, overrides, say)

    use_cores(options.threads)
    return exit_status_of(work, options.output)


def _parser(members):
    parser = argparse.ArgumentParser(
        prog="python -m experiments.distillation",
        description="Trains small networks on the fields of a teacher, and measures how close they come to it.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--members", nargs="+", choices=members, default=members, help="students (default: all)")
    parser.add_argument("--pairs", type=at_least(1), default=100, metavar="N", help="tests per kind (default: 100)")
    parser.add_argument(
        "--set", action="append", default=[], metavar="KEY=VALUE", help="change a setting of every student; repeatable"
    )
    parser.add_argument("--threads", type=int, default=1, metavar="N", help="processor cores to use (default: 1)")
    add_output(parser, "distillation")
    return parser


if __name__ == "__main__":
    sys.exit(exit_status(main))
