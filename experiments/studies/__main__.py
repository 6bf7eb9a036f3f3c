"""The command ``python -m experiments.studies``, which is ``make ablation-NAME`` and ``make ablations``."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from dirv_tf.cli.command_line import exit_status, prepare_process
from dirv_tf.training.config.config_loading import parse_override
from dirv_tf.validation import ConfigError
from experiments.arguments import say
from experiments.folders import OUTPUT
from experiments.studies.study import SCALES, known_studies, read_study
from experiments.trainings_command import exit_status_of

DEFAULT_OUTPUT = OUTPUT / "ablations"
_EPILOG = """\
A study compares runs that differ in one thing. Members that several studies name are trained once. Finished members
are kept and stopped ones gone on with, so Ctrl-C costs at most one epoch. The scale quick trains every member for 500
steps of 10 pairs, about two minutes on one processor core (of avsm, dlir and rwcnet, some minutes); full takes the
run's own settings, an hour or more each.

examples:
  python -m experiments.studies --list
  python -m experiments.studies deviations
  python -m experiments.studies deviations levels --scale full
  python -m experiments.studies                      all of them
"""


def main(arguments=None):
    """Read the command line and carry out studies.

    Parameters
    ----------
    arguments : list of str or None
        By default those of this process.

    Returns
    -------
    int
        Exit status: 0 done, 1 a training failed, 2 wrong command line or configuration, 130 stopped by Ctrl-C, 143
        by SIGTERM.
    """
    prepare_process()
    options = _parser().parse_args(arguments)
    try:
        studies = [read_study(name) for name in options.study or known_studies()]
        if not options.study:
            # Asked for all, those that have no such scale are none of them.
            studies = [study for study in studies if study.has(options.scale)]
        overrides = dict(parse_override(text) for text in options.set)
        if options.list:
            return _list(studies, options.scale)
        return _carry_out(studies, options, overrides)
    except ConfigError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2


def _carry_out(studies, options, overrides):
    # TensorFlow takes seconds to load: the list and a wrong command line are answered before.
    import tensorflow as tf

    from experiments.studies.run import carry_out_study

    # Every member is traced once; TensorFlow warns of one network traced many times.
    tf.get_logger().setLevel("ERROR")
    folder = options.output or DEFAULT_OUTPUT / options.scale

    def work():
        for number, study in enumerate(studies, start=1):
            say(f"Study {number} of {len(studies)}")
            carry_out_study(study, options.scale, folder, overrides, say, train=not options.finished)

    return exit_status_of(work, folder)


def _list(studies, scale):
    for study in studies:
        print(f"{study.name}: {study.title}. {study.question}")
        for member in study.members:
            config = member.config(scale)
            print(f"  {member.name:34}{config.parameters:>8,} parameters  {member.what}")
    return 0


def _parser():
    parser = argparse.ArgumentParser(
        prog="python -m experiments.studies",
        description="Trains and tests variants of runs and tables what each of them costs or brings.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("study", nargs="*", help="names of studies (default: all)")
    parser.add_argument("--list", action="store_true", help="list the studies with their members and stop")
    parser.add_argument("--finished", action="store_true", help="train nothing; table what is finished")
    parser.add_argument("--scale", choices=SCALES, default="quick", help="length of the trainings (default: quick)")
    parser.add_argument(
        "--set", action="append", default=[], metavar="KEY=VALUE", help="change a setting of every member; repeatable"
    )
    parser.add_argument(
        "-o", "--output", type=Path, metavar="FOLDER", help="default: experiments/output/ablations/ and the scale"
    )
    return parser


if __name__ == "__main__":
    sys.exit(exit_status(main))
