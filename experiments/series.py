"""Carries out all runs of a series, one after the other: `python -m experiments.series A --preset quick`."""

from __future__ import annotations

import argparse
import re
import sys
from pathlib import Path

from dirv_tf.cli.command_line import exit_status, prepare_process
from dirv_tf.training.config.config_loading import known_runs, load_run, parse_override
from dirv_tf.validation import ConfigError
from experiments.folders import OUTPUT, RUNS

_EPILOG = """\
examples:
  python -m experiments.series A --preset quick     A-1 to A-8, minutes each
  python -m experiments.series A                    the same with the thesis's settings, hours
  python -m experiments.series B --set training.epochs=3

A run that is finished with just these settings is skipped, one that was stopped goes on: after Ctrl-C, give the same
command again. Every run writes its folder as `python -m experiments.run` does. A run that fails is said in the table
at the end, and the others go on. Exit status: 0 all done, 1 a run failed, 2 wrong command line or configuration,
130 stopped by Ctrl-C, 143 by SIGTERM.
"""


def main(arguments=None):
    """Read the command line and carry out the series.

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
    try:
        overrides = dict(parse_override(text) for text in options.set)
        configs = [load_run(name, options.preset, overrides, RUNS) for name in series_runs(options.series)]
    except ConfigError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    # TensorFlow takes seconds to load: the help and a wrong command line are answered before.
    from experiments.reproduction.series import carry_out

    return carry_out(configs, options.output, tensorboard=not options.no_tensorboard)


def series_runs(series):
    """Return the names of the runs of a series.

    Parameters
    ----------
    series : str
        The letter before the hyphen.

    Returns
    -------
    list of str

    Raises
    ------
    ConfigError
        When there is no such series; the message says which there are.
    """
    # Runs beyond the thesis have names of other kinds.
    known = [name for name in known_runs(RUNS) if re.fullmatch(r"[A-Z]-\d+", name)]
    names = [name for name in known if name.split("-")[0] == series.upper()]
    if not names:
        every = ", ".join(dict.fromkeys(name.split("-")[0] for name in known))
        raise ConfigError(f"Expected a series of runs: {every}. Received: series={series}")
    return sorted(names, key=lambda name: (len(name), name))


def _parser():
    parser = argparse.ArgumentParser(
        prog="python -m experiments.series",
        description="Carries out all runs of a series of the thesis that are not finished yet.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("series", nargs="?", default="", help="the letter of the series, such as A")
    parser.add_argument("--preset", help="lay this preset over every run; every run has 'quick'")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="change a setting; repeatable")
    parser.add_argument(
        "--output", type=Path, default=OUTPUT, metavar="DIR",
        help="folder that holds the folders of the runs (default: experiments/output)",
    )
    parser.add_argument("--no-tensorboard", action="store_true", help="write no TensorBoard logs and pictures")
    return parser


if __name__ == "__main__":
    sys.exit(exit_status(main))
