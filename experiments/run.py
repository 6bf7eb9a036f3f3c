"""Carries out a run of this project: `python -m experiments.run A-6 --preset quick`, which is `dirv-tf train` here."""

from __future__ import annotations

import sys

from dirv_tf.cli import train_command
from dirv_tf.cli.command_line import exit_status, prepare_process
from experiments.folders import ALL_RUNS, OUTPUT


def main(arguments=None):
    """Read the command line and carry out the run.

    Parameters
    ----------
    arguments : list of str or None
        By default those of this process.

    Returns
    -------
    int
        Exit status: 0 done, 1 the training failed, 2 wrong command line or configuration, 130 stopped by Ctrl-C, 143 by
        SIGTERM.
    """
    prepare_process()
    parser = train_command.standalone_parser("python -m experiments.run", runs=ALL_RUNS, results=OUTPUT)
    return train_command.run(parser.parse_args(arguments))


if __name__ == "__main__":
    sys.exit(exit_status(main))
