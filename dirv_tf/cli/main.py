"""The command `dirv-tf` and what all its subcommands share: exit status, errors, warnings."""

from __future__ import annotations

import argparse
import importlib
import sys
import warnings

import dirv_tf
from dirv_tf.cli.command_line import exit_status, prepare_process

# Loaded when the command is carried out: Ctrl-C meanwhile is a line, not a trace.
_COMMANDS = ("register", "warp", "invert", "compose", "evaluate", "train", "tissue", "report", "info")
_EPILOG = """\
examples:
  dirv-tf register fixed.png moving.png -o result           the registered image, the field, the metrics, a picture
  dirv-tf warp labels.nii.gz result/flow_field.nii.gz -o warped.nii.gz --labels
  dirv-tf invert result -o inverse                          the same the other way
  dirv-tf evaluate result/flow_field.npz --landmarks fixed.csv moving.csv
  dirv-tf train my_run.yaml --output my_run                 a network of your own
  dirv-tf info                                              versions, devices, shipped models

`dirv-tf COMMAND --help` explains a command. Exit status: 0 done, 1 failed (the reason is on standard error),
2 wrong command line or configuration, 75 another worker of a training ended, 130 stopped by Ctrl-C, 143 stopped by
SIGTERM.
"""


def main(arguments=None):
    """Read the command line and carry out the command.

    Parameters
    ----------
    arguments : list of str, optional
        Default: those of this process.

    Returns
    -------
    int
        Exit status: 0 done, 1 failed, 2 wrong command line or configuration, 130 stopped by Ctrl-C, 143 by SIGTERM.
    """
    prepare_process()
    options = None

    def command():
        nonlocal options
        options = build_parser().parse_args(arguments)
        with warnings.catch_warnings():
            warnings.showwarning = _show_warning
            return options.run(options)

    return exit_status(command, lambda: options is not None and options.debug)


def build_parser():
    """Return the parser of the command `dirv-tf` with all subcommands."""
    parser = argparse.ArgumentParser(
        prog="dirv-tf",
        description="Deformable registration of 2D and 3D images by learned variational networks.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"dirv-tf {dirv_tf.__version__}")
    parser.add_argument("--debug", action="store_true", help="show where in the code an error arose")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for name in _COMMANDS:
        importlib.import_module(f"dirv_tf.cli.{name}_command").add_parser(commands)
    return parser


def _show_warning(message, category, filename, lineno, file=None, line=None):
    # Only what dirv_tf has to say to its user; of other packages, deprecations help nobody at the command line.
    if category is UserWarning:
        print(f"warning: {message}", file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
