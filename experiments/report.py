"""The command ``python -m experiments.report``, which is ``make report``."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from dirv_tf.cli.command_line import exit_status, prepare_process
from experiments.folders import OUTPUT, RECORDS

_EPILOG = """\
examples:
  python -m experiments.report                       the committed results
  python -m experiments.report experiments/output    your own runs beside the thesis's numbers
  python -m experiments.report --no-pictures -o tables

`dirv-tf report` writes a page about any runs, without the thesis.
"""


def main(arguments=None):
    """Read the command line and write the page.

    Parameters
    ----------
    arguments : list of str, optional
        Default: those of this process.

    Returns
    -------
    int
        Exit status: 0 done; 1 there is no run, or a record is broken (the page is written, and names it).
    """
    prepare_process()
    options = _parser().parse_args(arguments)
    from experiments.reproduction.report.page import write_reproduction

    try:
        page, broken = write_reproduction(options.results, options.output, not options.no_pictures)
    except (OSError, ValueError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    for message in broken:
        print(f"error: {message}", file=sys.stderr)
    print(f"Written: {page} (open it in a browser) and {page.with_name('report.md')}")
    return 1 if broken else 0


def _parser():
    parser = argparse.ArgumentParser(
        prog="python -m experiments.report",
        description="Writes one page: the thesis's tables with our runs, refinement, ablations, classical methods, "
        "pictures.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "results", nargs="?", type=Path, default=RECORDS,
        help="folder with the folders of runs (default: experiments/results)",
    )
    parser.add_argument(
        "-o", "--output", type=Path, default=OUTPUT / "report", metavar="FOLDER",
        help="folder for the page (default: experiments/output/report)",
    )
    parser.add_argument("--no-pictures", action="store_true", help="tables only")
    return parser


if __name__ == "__main__":
    sys.exit(exit_status(main))
