"""The command ``python -m experiments.comparison.robustness``, which is ``make robustness``."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from dirv_tf.cli.command_line import exit_status, prepare_process
from experiments.arguments import at_least, say
from experiments.folders import OUTPUT

DEFAULT_OUTPUT = OUTPUT / "robustness"
_EPILOG = """\
Patches of tissue are deformed by known fields; then the moving image is changed in brightness, contrast, illumination,
noise, sharpness, content or pose, and both images are registered. About ten minutes on two processor cores.

examples:
  python -m experiments.comparison.robustness
  python -m experiments.comparison.robustness --pairs 2
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
        Exit status: 0 done, 1 a file is missing, 2 wrong command line.
    """
    prepare_process()
    options = _parser().parse_args(arguments)
    # TensorFlow takes seconds to load: the help and a wrong command line are answered before.
    from experiments.comparison.robustness.run import measure_robustness
    from experiments.comparison.robustness.tissue import tissue_pairs

    try:
        measure_robustness(tissue_pairs(options.pairs), options.output, report=say)
    except ValueError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except OSError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


def _parser():
    parser = argparse.ArgumentParser(
        prog="python -m experiments.comparison.robustness",
        description="Measures what is left of the accuracy when the moving image looks or lies otherwise.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--pairs", type=at_least(1), default=10, help="pairs per change (default: %(default)s)")
    parser.add_argument(
        "-o", "--output", type=Path, default=DEFAULT_OUTPUT, metavar="FOLDER",
        help="folder of the result (default: experiments/output/robustness)",
    )
    return parser


if __name__ == "__main__":
    sys.exit(exit_status(main))
