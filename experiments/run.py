"""Carries out a run of the thesis: `python -m experiments.run A-6 --preset quick`, which is `dirv-tf train` here."""

from __future__ import annotations

import os
import sys

from dirv_tf.cli import train_command


def main(arguments=None):
    """Reads the command line and carries out the run.

    Parameters
    ----------
    arguments : list of str or None
        By default those of this process.

    Returns
    -------
    int
        Exit status: 0 done, 1 the training failed, 2 wrong command line or configuration, 130 stopped.
    """
    for stream in (sys.stdout, sys.stderr):
        # A terminal that cannot show Δ must not end a run of hours.
        stream.reconfigure(errors="replace")
    # TensorFlow's own log says nothing that a Python error does not; it must be silenced before it loads.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    return train_command.run(train_command.standalone_parser("python -m experiments.run").parse_args(arguments))


if __name__ == "__main__":
    sys.exit(main())
