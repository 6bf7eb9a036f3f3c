"""`dirv-tf report`: one page about finished runs."""

from __future__ import annotations

from pathlib import Path

from dirv_tf.cli.command_line import add_command

_EPILOG = """\
examples:
  dirv-tf report my_run -o report                      one run
  dirv-tf report runs -o report                        all runs in a folder
  dirv-tf report runs -o report --no-pictures

The report is one HTML page and the same as Markdown, with the pictures in a folder beside both. A run with
a reference stands beside its numbers. Pictures of images and learned functions need the run's weights.
"""


def add_parser(commands):
    """Add the subcommand to `dirv-tf`."""
    parser = add_command(
        commands,
        "report",
        "write a page about finished runs: tables, curves, pictures",
        "Writes a page about runs: their test metrics, learning curves and pictures.",
        _EPILOG,
        run,
    )
    parser.add_argument("runs", nargs="+", type=Path, help="folders of runs, or folders that hold such folders")
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="FOLDER", help="folder for the report")
    parser.add_argument("--no-pictures", action="store_true", help="tables only, in a second")


def run(options):
    """Write the report and say where it is.

    Returns
    -------
    int
        Exit status 0.
    """
    from dirv_tf.report import write_report

    page = write_report(options.runs, options.output, pictures=not options.no_pictures)
    print(f"Written: {page} (open it in a browser) and {page.with_name('report.md')}")
    return 0
