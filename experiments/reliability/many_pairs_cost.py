"""Measures what a pair of many costs: processor time, space on the disk and memory.

``python -m experiments.reliability.many_pairs_cost`` registers the shipped pairs of sections as
``dirv-tf register --pairs`` does, with all that is written of them. Linux and macOS only.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

from dirv_tf.cli.command_line import exit_status, prepare_process
from experiments.arguments import add_output, say
from experiments.folders import CHECKOUT

RECORD_NAME = "many_pairs_cost.json"
TABLE = CHECKOUT / "data" / "histology" / "pairs.csv"
# From the smallest to the largest: the memory of a process is its peak until then.
EFFORTS = ("fast", "default")


def main(arguments=None):
    """Read the command line and measure.

    Parameters
    ----------
    arguments : list of str, optional
        Default: those of this process.

    Returns
    -------
    int
        Exit status: 0 all pairs are done, 1 some failed.
    """
    prepare_process()
    options = _parser().parse_args(arguments)
    record = measure(options.pairs, options.output, options.shard, say)
    return 0 if all(row["done"] == row["pairs"] for row in record["efforts"]) else 1


def measure(pairs, output, shard=None, report=print):
    """Register the pairs of a table with every effort, and write the record.

    Parameters
    ----------
    pairs : str or Path
        The table.
    output : str or Path
        Folder of the record, `many_pairs_cost.json`.
    shard : str, optional
        Of the table, as of `register_pairs`.
    report : callable
        Says a line of text.

    Returns
    -------
    dict
        The record.
    """
    from dirv_tf.io.atomic_write import write_json
    from dirv_tf.io.output_paths import check_output_folder
    from dirv_tf.training.execution.environment import hardware, versions

    output, efforts = check_output_folder(output), []
    for effort in EFFORTS:
        efforts.append(measured(pairs, effort, shard))
        report(", ".join(f"{name} {value}" for name, value in efforts[-1].items()))
    record = {"set": "histology", "efforts": efforts, "versions": versions(), "hardware": hardware()}
    write_json(output / RECORD_NAME, record)
    report(f"Written: {output / RECORD_NAME}")
    return record


def measured(pairs, effort, shard=None):
    """Register the pairs of a table in this process.

    Returns
    -------
    dict
        "cpu_seconds" and "seconds" per pair after a first one, which loads what all need; "mb" written per pair (10^6
        bytes) but for the page, whose size has a bound; "memory_mb", the most that the process held; "side", the mean
        of the images' longer sides in pixels.
    """
    import resource

    from PIL import Image

    from dirv_tf.registration import register_pairs

    times = []

    def note(finished, total, row):
        times.append((time.process_time(), time.perf_counter()))

    with tempfile.TemporaryDirectory() as place:
        output = Path(place) / "results"
        rows = register_pairs(pairs, output, effort=effort, shard=shard, progress=note)
        files = [path for path in output.rglob("*") if path.is_file() and path != output / "index.html"]
        size = sum(path.stat().st_size for path in files)
    sides = []
    for row in rows:
        with Image.open(row.fixed) as image:
            sides.append(max(image.size))
    # Kilobytes on Linux, bytes on macOS.
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1e3 if sys.platform == "linux" else 1e6)
    cpu_seconds, seconds = ((times[-1][kind] - times[1][kind]) / (len(rows) - 1) for kind in (0, 1))
    return {
        "effort": effort,
        "pairs": len(rows),
        "done": sum(row.is_done for row in rows),
        "side": round(sum(sides) / len(sides)),
        "cpu_seconds": round(cpu_seconds, 3),
        "seconds": round(seconds, 3),
        "mb": round(size / len(rows) / 1e6, 3),
        "memory_mb": round(peak),
    }


def _parser():
    parser = argparse.ArgumentParser(
        prog="python -m experiments.reliability.many_pairs_cost", description=__doc__.split("\n")[0]
    )
    parser.add_argument("--pairs", type=Path, default=TABLE, metavar="TABLE", help="(default: the shipped sections)")
    parser.add_argument("--shard", metavar="K/N", help="every N-th pair from the K-th on")
    add_output(parser, "reliability")
    return parser


if __name__ == "__main__":
    sys.exit(exit_status(main))
