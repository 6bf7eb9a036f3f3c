"""The command ``python -m experiments.uncertainty``: are predicted standard deviations as large as the errors?"""

from __future__ import annotations

import argparse
import sys

from dirv_tf.cli.command_line import exit_status, prepare_process
from experiments.arguments import add_output, at_least, say
from experiments.trainings_command import use_cores

_EPILOG = """\
Fields of dirv_tf.register, of the network best-2d alone and of SimpleITK's demons and B-splines, on chessboards, tissue
(make tissue-data) and chessboards with a flat half, all with known fields and of a seed that no training has; and on
sections with landmarks. Writes uncertainty.json, a table and a calibration plot.

examples:
  python -m experiments.uncertainty
  python -m experiments.uncertainty --model my_run --pairs 40 --histology 0
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
    from experiments.uncertainty.run import measure_uncertainty

    use_cores(options.threads)
    try:
        measure_uncertainty(options.output, options.model, options.pairs, options.histology, say)
    except (ValueError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0


def _parser():
    parser = argparse.ArgumentParser(
        prog="python -m experiments.uncertainty",
        description="Compares predicted standard deviations of fields with their true errors.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--model", default="uncertainty-2d", help="network of uncertainty (default: %(default)s)")
    parser.add_argument("--pairs", type=at_least(1), default=16, metavar="N", help="pairs per set (default: 16)")
    parser.add_argument(
        "--histology", type=at_least(0), default=4, metavar="N", help="pairs with landmarks (default: 4; 0: none)"
    )
    parser.add_argument("--threads", type=at_least(1), default=1, metavar="N", help="processor cores (default: 1)")
    add_output(parser, "uncertainty")
    return parser


if __name__ == "__main__":
    sys.exit(exit_status(main))
