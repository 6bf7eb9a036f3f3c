"""Arguments and output that the commands of the experiments share."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Callable

from experiments.folders import OUTPUT


def at_least(low: int, multiple_of: int = 1) -> Callable[[str], int]:
    """Return a type of arguments: integers from `low` on, or of them the multiples of a number."""

    def read(text: str) -> int:
        number = int(text)
        if number < low or number % multiple_of:
            further = "" if multiple_of == 1 else f", a multiple of {multiple_of}"
            raise argparse.ArgumentTypeError(f"Expected an integer of at least {low}{further}. Received: {text}")
        return number

    # The name that argparse gives for what is no number at all.
    read.__name__ = "integer"
    return read


def add_output(parser: argparse.ArgumentParser, name: str) -> None:
    """Give a parser the option -o, the folder of a record: by default one of that name in experiments/output."""
    parser.add_argument(
        "-o", "--output", type=Path, default=OUTPUT / name, metavar="FOLDER",
        help=f"folder of the record (default: experiments/output/{name})",
    )


def say(line: str) -> None:
    """Print a line at once, also where the output is a file."""
    print(line, flush=True)
