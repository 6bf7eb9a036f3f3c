"""What every command line of the project begins with."""

from __future__ import annotations

import argparse
import os
import sys


def prepare_process():
    """Set up standard output and TensorFlow's log; before TensorFlow is imported."""
    for stream in (sys.stdout, sys.stderr):
        # A terminal that cannot show Δ must not end a run of hours.
        stream.reconfigure(errors="replace")
    # TensorFlow's own log says nothing that a Python error does not.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")


def add_command(commands, name, summary, description, epilog, run):
    """Add a subcommand whose help ends with examples, and return its parser.

    Parameters
    ----------
    commands : the object that `argparse.ArgumentParser.add_subparsers` returns
    name : str
    summary : str
        Its line in the help of `dirv-tf`.
    description, epilog : str
        Above and below the arguments in its own help; the lines of the epilog are kept.
    run : callable
        Takes the options and returns the exit status.

    Returns
    -------
    argparse.ArgumentParser
    """
    parser = commands.add_parser(
        name,
        help=summary,
        description=description,
        epilog=epilog,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.set_defaults(run=run)
    return parser


def in_any_order(parser):
    """Let positional arguments that may be left out stand anywhere among the options.

    argparse does so for those that must be there; of others, it takes none after it has met an option.

    Parameters
    ----------
    parser : argparse.ArgumentParser
    """
    plain = parser.parse_known_args

    def parse(args=None, namespace=None):
        if args is not None and "--" in args:
            # What comes after it is positional; argparse would forget that.
            return plain(args, namespace)
        parser.parse_known_args = plain
        try:
            return parser.parse_known_intermixed_args(args, namespace)
        finally:
            parser.parse_known_args = parse

    parser.parse_known_args = parse
