"""The command ``python -m experiments.reliability``, which is ``make campaign``: one campaign by its name, or all."""

from __future__ import annotations

import importlib
import sys

from dirv_tf.cli.command_line import exit_status

# Each is a module beside this one, with a function `main` that takes the arguments and returns the exit status.
CAMPAIGNS = ("fuzz", "kills", "long_life", "slides", "workers", "shared_settings", "curves", "nearly_identical")


def main(arguments=None):
    """Carry out a campaign.

    Parameters
    ----------
    arguments : list of str or None
        The name of a campaign and its options; by default those of this process. Without a name all are carried out.

    Returns
    -------
    int
        Exit status: 0 done and nothing found, 1 something found, 2 wrong command line.
    """
    arguments = sys.argv[1:] if arguments is None else list(arguments)
    if arguments[:1] in (["-h"], ["--help"]):
        print(f"usage: python -m experiments.reliability [{' | '.join(CAMPAIGNS)}] [options of the campaign]")
        return 0
    if arguments and arguments[0] in CAMPAIGNS:
        return _campaign(arguments[0])(arguments[1:])
    if arguments and not arguments[0].startswith("-"):
        print(f"error: Expected one of {', '.join(CAMPAIGNS)}. Received: {arguments[0]}", file=sys.stderr)
        return 2
    return max(_campaign(name)(arguments) for name in CAMPAIGNS)


def _campaign(name):
    return importlib.import_module(f"experiments.reliability.{name}").main


if __name__ == "__main__":
    sys.exit(exit_status(main))
