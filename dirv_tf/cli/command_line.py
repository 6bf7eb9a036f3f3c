"""What every command line of the project begins with."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable

from dirv_tf.resource_errors import is_out_of_memory, said_of_memory
from dirv_tf.stop_signals import stop_signals_raise, stopped_status

# What a user can bring about and mend: one line says it. Of our own mistakes, the whole trace is wanted.
_EXPECTED = (ValueError, TypeError, OSError, ImportError)

def prepare_process():
    """Set up standard output and TensorFlow's log; before TensorFlow is imported."""
    for stream in (sys.stdout, sys.stderr):
        # A terminal that cannot show Δ must not end a run of hours.
        stream.reconfigure(errors="replace")
    # TensorFlow's own log says nothing that a Python error does not.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")


def exit_status(command: Callable[[], int], debug: Callable[[], bool] = lambda: False) -> int:
    """Carry out a command; turn what ends it early into a line on standard error and an exit status.

    Parameters
    ----------
    command : callable
        Returns the exit status; it also loads what it needs, so that a signal meanwhile is handled too.
    debug : callable
        Whether errors are to show where in the code they arose.

    Returns
    -------
    int
        That of the command; 1 failed, 130 stopped by Ctrl-C, 143 by SIGTERM.
    """
    with stop_signals_raise() as received:
        try:
            status = command()
            # Here, where a full disk can still be said, and not as Python ends.
            _flush_output()
            return status
        except BrokenPipeError:
            # The reader of our output has gone (dirv-tf info | head): nothing failed.
            _discard_output()
            return 0
        except KeyboardInterrupt:
            return _stopped(received.number)
        except Exception as error:
            if received.number is not None:
                # A library that was being loaded has made an error of its own of the signal.
                return _stopped(received.number)
            out_of_memory = is_out_of_memory(error)
            if debug() or not (out_of_memory or isinstance(error, _EXPECTED)):
                raise
            text = said_of_memory(error) if out_of_memory else str(error) or type(error).__name__
            print(f"error: {text}", file=sys.stderr)
            if isinstance(error, OSError):
                _discard_output()
            return 1


def _stopped(number):
    print("Stopped.", file=sys.stderr)
    return stopped_status(number)


def _flush_output():
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        raise OSError(error.errno, error.strerror, "standard output") from error


def _discard_output():
    """Send what standard output still holds, and what Python would write at exit, to nowhere, if it cannot be sent."""
    try:
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


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
