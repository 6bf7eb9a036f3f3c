"""The command ``python -m experiments.benchmark``, which is ``make benchmark``."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from dirv_tf.cli.command_line import exit_status, prepare_process
from experiments.arguments import say
from experiments.benchmark.plan import FULL, QUICK
from experiments.folders import OUTPUT

DEFAULT_OUTPUT = OUTPUT / "benchmark"
_EPILOG = """\
Measured in one run, by turns: dirv_tf, a plain implementation of the same network, VoxelMorph's U-Net, demons of
SimpleITK, and the machine's own speed; and in processes of their own the first answer from the shell. The full
benchmark takes seven to eleven minutes on two processor cores, --quick two. Anything else that runs meanwhile makes the
times longer; the ratios suffer least.

examples:
  python -m experiments.benchmark
  python -m experiments.benchmark --quick
  python -m experiments.benchmark --training-side 128 --output large
"""


def main(arguments=None):
    """Read the command line and carry out the benchmark.

    Parameters
    ----------
    arguments : list of str, optional
        Default: those of this process.

    Returns
    -------
    int
        Exit status: 0 done, whether the targets are met or not; 1 something that is measured is missing or failed.
    """
    prepare_process()
    options = _parser().parse_args(arguments)
    # TensorFlow takes seconds to load: the help and a wrong command line are answered before.
    import tensorflow as tf

    from experiments.benchmark.run import benchmark

    # Many networks are traced here, each once; TensorFlow warns of the same one traced many times.
    tf.get_logger().setLevel("ERROR")
    plan = QUICK if options.quick else FULL
    try:
        benchmark(plan._replace(training_side=options.training_side), options.output, say)
    except (ImportError, OSError, RuntimeError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


def _side(text):
    side = int(text)
    if side < 16 or side % 16:
        raise argparse.ArgumentTypeError(f"Expected a multiple of 16. Received: {text}")
    return side


def _parser():
    parser = argparse.ArgumentParser(
        prog="python -m experiments.benchmark",
        description="Measures how fast dirv_tf trains and registers on this machine, beside other methods.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--quick", action="store_true", help="the main measurements only, in two minutes")
    parser.add_argument(
        "--training-side", type=_side, default=FULL.training_side, metavar="PIXELS",
        help="pixels per side of the pairs to train on (default: %(default)s)",
    )
    parser.add_argument(
        "-o", "--output", type=Path, default=DEFAULT_OUTPUT, metavar="FOLDER",
        help="folder for benchmark.md, benchmark.json and benchmark.png (default: experiments/output/benchmark)",
    )
    return parser


if __name__ == "__main__":
    sys.exit(exit_status(main))
