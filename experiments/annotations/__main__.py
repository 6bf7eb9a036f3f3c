"""The command ``python -m experiments.annotations``: what labels in training are worth."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from dirv_tf.cli.command_line import exit_status, prepare_process
from dirv_tf.training.config.config_loading import parse_override
from experiments.annotations.members import MEMBERS
from experiments.arguments import add_output, say
from experiments.trainings_command import exit_status_of, use_cores

_MEMBERS = "\n".join(f"  {name:{max(map(len, MEMBERS))}}  {member.what}" for name, member in MEMBERS.items())
_EPILOG = f"""\
Networks are trained on all ordered pairs of some people and tested on the 30 pairs of data/hippocampus, whose people
they never saw: where the folder has files of these people, they are left out. The folder has images/*.nii.gz and
labels/*.nii.gz of the Medical Segmentation Decathlon's Task04_Hippocampus (CC BY-SA 4.0; twenty of its cases are in
GitHub's udacity/nd320-c3-3d-imaging-starter, data/TrainingSet). Finished members are kept, stopped ones gone on with;
other people take another folder (-o).

members, by what they learn from:
{_MEMBERS}

examples:
  python -m experiments.annotations --people TrainingSet
  python -m experiments.annotations --people TrainingSet --members unsupervised labels --set training.epochs=2
"""


def main(arguments=None):
    """Read the command line, train the members and measure them.

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
    options = _parser().parse_args(arguments)
    # TensorFlow takes seconds to load: the help and a wrong command line are answered before.
    from experiments.annotations.run import compare_annotations

    def work():
        overrides = dict(map(parse_override, options.set))
        compare_annotations(options.people, options.output, options.members, overrides, say)

    use_cores(options.threads)
    return exit_status_of(work, options.output)


def _parser():
    parser = argparse.ArgumentParser(
        prog="python -m experiments.annotations",
        description="Trains networks with and without labels and measures Dice coefficients on unseen people.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--people", type=Path, required=True, metavar="FOLDER", help="the people to train on")
    parser.add_argument("--members", nargs="+", choices=MEMBERS, default=list(MEMBERS), help="trainings (default: all)")
    parser.add_argument(
        "--set", action="append", default=[], metavar="KEY=VALUE", help="change a setting of every member; repeatable"
    )
    parser.add_argument("--threads", type=int, default=1, metavar="N", help="processor cores to use (default: 1)")
    add_output(parser, "annotations")
    return parser


if __name__ == "__main__":
    sys.exit(exit_status(main))
