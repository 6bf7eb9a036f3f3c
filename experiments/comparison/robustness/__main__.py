"""The command ``python -m experiments.comparison.robustness``, which is ``make robustness``."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from dirv_tf.cli.command_line import exit_status, prepare_process
from experiments.arguments import at_least, say
from experiments.folders import OUTPUT

_EPILOG = """\
Patches of tissue are deformed by known fields; then the moving image is changed in brightness, contrast, illumination,
noise, sharpness, content or pose, and both images are registered. About ten minutes on two processor cores.

examples:
  python -m experiments.comparison.robustness
  python -m experiments.comparison.robustness --pairs 2
  python -m experiments.comparison.robustness --contrast     the network for pairs that differ in appearance
  python -m experiments.comparison.robustness --contrast --model my_run
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
    parser = _parser()
    options = parser.parse_args(arguments)
    if options.model and not options.contrast:
        parser.error("--model needs --contrast")
    try:
        (_contrast if options.contrast else _robustness)(options)
    except ValueError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except OSError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


# TensorFlow takes seconds to load: the help and a wrong command line are answered before.
def _robustness(options):
    from experiments.comparison.robustness.run import measure_robustness
    from experiments.comparison.robustness.tissue import tissue_pairs

    measure_robustness(tissue_pairs(options.pairs or 10), options.output or OUTPUT / "robustness", report=say)


def _contrast(options):
    from experiments.comparison.robustness import contrast
    from experiments.comparison.robustness.run import measure_robustness

    name = options.model or contrast.NETWORK
    measure_robustness(
        contrast.contrast_pairs(options.pairs or 14),
        options.output or OUTPUT / "contrast",
        contrast.CONTRAST_VARIANTS,
        contrast.contrast_columns(name),
        say,
        name="contrast",
        network=name,
        page=contrast.contrast_page,
    )


def _parser():
    parser = argparse.ArgumentParser(
        prog="python -m experiments.comparison.robustness",
        description="Measures what is left of the accuracy when the moving image looks or lies otherwise.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--pairs", type=at_least(1), help="pairs per change (default: 10; 14 with --contrast)")
    parser.add_argument(
        "--contrast", action="store_true",
        help="changes of appearance alone, of other pairs, by the network for them, before and after optimization",
    )
    parser.add_argument(
        "--model", metavar="NAME", help="with --contrast: another network, shipped or a run's folder"
    )
    parser.add_argument(
        "-o", "--output", type=Path, metavar="FOLDER",
        help="folder of the result (default: experiments/output/robustness, or contrast)",
    )
    return parser


if __name__ == "__main__":
    sys.exit(exit_status(main))
