"""Registers a thousand pairs of fifty sizes in one process, and says what that comes to keep: memory and graphs.

``python -m experiments.reliability.long_life`` takes some minutes. Linux only: it reads /proc.
"""

from __future__ import annotations

import argparse
import ctypes
import logging
import sys
import time
from collections.abc import Iterator

from dirv_tf.cli.command_line import exit_status, prepare_process
from experiments.arguments import add_output, at_least, say

RECORD_NAME = "long_life.json"
# What may be kept after the first hundred registrations, in megabytes per registration that follows: 5 MB of 900.
MOST_PER_REGISTRATION = 0.0056
_WARM = 100
_SIDES = range(48, 129)


def main(arguments=None):
    """Read the command line and register.

    Parameters
    ----------
    arguments : list of str, optional
        Default: those of this process.

    Returns
    -------
    int
        Exit status: 0 the memory stays, 1 it grows or TensorFlow warned.
    """
    prepare_process()
    options = _parser().parse_args(arguments)
    record = live_long(options.registrations, options.sizes, options.models, options.output, say)
    return 0 if all(is_flat(row) and not row["warnings"] for row in record["models"]) else 1


def live_long(registrations, sizes, models, output, report=print):
    """Register many pairs of many sizes, and write the record.

    Parameters
    ----------
    registrations : int
        Per model.
    sizes : int
        Different sizes of images among them.
    models : sequence of str
        As of `dirv_tf.register`; "default": no model.
    output : str or Path
        Folder of the record, `long_life.json`.
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

    output = check_output_folder(output)
    rows = []
    for model in models:
        rows.append(lived(None if model == "default" else model, registrations, sizes))
        report(line(rows[-1]))
    record = {"models": rows, "versions": versions(), "hardware": hardware()}
    write_json(output / RECORD_NAME, record)
    report(f"Written: {output / RECORD_NAME}")
    return record


def lived(model, registrations, sizes):
    """Register many pairs in this process.

    Parameters
    ----------
    model : str or None
    registrations, sizes : int

    Returns
    -------
    dict
        The memory after every twentieth of the registrations (MB), what grew after the first hundred, the graphs and
        programs that are kept, and the warnings of TensorFlow.
    """
    from dirv_tf.registration import register

    warned, begun, curve, warm = _Counter(), time.perf_counter(), [], None
    logger = logging.getLogger("tensorflow")
    logger.addHandler(warned)
    step = max(1, registrations // 20)
    try:
        for number, pair in enumerate(_pairs(registrations, sizes), 1):
            register(*pair, model=model)
            if number == min(_WARM, registrations // 2):
                warm = number, own_memory()
            if number % step == 0:
                curve.append([number, round(own_memory(), 1)])
    finally:
        logger.removeHandler(warned)
    grown = own_memory() - warm[1]
    per_registration = grown / (registrations - warm[0])
    return {
        "model": model or "default",
        "registrations": registrations,
        "sizes": sizes,
        "seconds": round(time.perf_counter() - begun, 1),
        "memory_mb": curve,
        "warm_after": warm[0],
        "grown_mb": round(grown, 1),
        "grown_mb_per_registration": round(per_registration, 4),
        "graphs": kept_graphs(),
        "warnings": warned.messages,
    }


def is_flat(row) -> bool:
    """Whether no more memory is kept per registration than may be, by the row of a model."""
    return row["grown_mb_per_registration"] <= MOST_PER_REGISTRATION


def kept_graphs():
    """Return how many graphs of networks are kept in this process, and how many programs XLA has compiled for them.

    Returns
    -------
    dict
        "graphs", of all networks and sizes together; "shared_graphs", those of them that networks of one architecture
        share, and "most_graphs", their bound: every other goes with its network; "programs", for blocks of rows, of
        whatever size the images are.
    """
    import importlib

    from dirv_tf.geometry import sampling
    from dirv_tf.registration.networks import inference

    units = inference._variational_step.cache_info()
    whole = sum(len(graphs) for graphs in inference._whole_graphs.values())
    potentials = importlib.import_module("dirv_tf.geometry.piecewise_linear")
    programs = (potentials._gather_values, potentials._sum_values, sampling._interpolate_block)
    return {
        "graphs": units.currsize + whole,
        "shared_graphs": units.currsize,
        "most_graphs": units.maxsize,
        "programs": sum(program.experimental_get_tracing_count() for program in programs),
    }


def own_memory() -> float:
    """Return the memory that this process holds, in megabytes, in RAM or swapped out.

    Without the pages of files, such as libraries: the system drops them and reads them again as it likes. Freed memory
    that the allocator keeps is given back before: how much that is depends on all that the process did until now.
    """
    # Of the GNU C library; others keep little.
    getattr(ctypes.CDLL(None), "malloc_trim", lambda _: None)(0)
    with open("/proc/self/status", encoding="ascii") as stream:
        kibibytes = dict(line.split(":", 1) for line in stream)
    return sum(int(kibibytes[key].split()[0]) for key in ("RssAnon", "VmSwap")) / 2**10


def line(row):
    """Say one model's row in a line of text."""
    first, last = row["memory_mb"][0][1], row["memory_mb"][-1][1]
    return (
        f"{row['model']}: {row['registrations']} registrations of {row['sizes']} sizes in {row['seconds']:.0f} s, "
        f"{first:.0f} -> {last:.0f} MB, {row['grown_mb']:.1f} MB after the first {row['warm_after']}; "
        f"{row['graphs']['graphs']} graphs, {len(row['warnings'])} warnings"
    )


def _pairs(count: int, sizes: int) -> Iterator[tuple]:
    """Make pairs of a smooth random image and the same, moved by a pixel or two."""
    from experiments.reliability.moved_pairs import moved_pair

    # Every side is another one, as far as there are so many; large and small ones take turns.
    shapes = [(_SIDES[37 * index % len(_SIDES)], _SIDES[(53 * index + 11) % len(_SIDES)]) for index in range(sizes)]
    for number in range(count):
        yield moved_pair(number, shapes[number % sizes])


class _Counter(logging.Handler):
    """Keeps the warnings of TensorFlow, of retracing above all."""

    def __init__(self):
        super().__init__(logging.WARNING)
        self.messages: list[str] = []

    def emit(self, record):
        self.messages.append(record.getMessage().splitlines()[0])


def _parser():
    parser = argparse.ArgumentParser(
        prog="python -m experiments.reliability.long_life", description=__doc__.split("\n")[0]
    )
    parser.add_argument("--registrations", type=at_least(20), default=1000, help="per model (%(default)s)")
    parser.add_argument("--sizes", type=at_least(1), default=50, help="of the images (%(default)s)")
    parser.add_argument(
        "--models", nargs="+", default=["default", "best-2d"], metavar="MODEL",
        help="as of dirv-tf register; default: none, what suits the pair (default: default best-2d)",
    )
    add_output(parser, "reliability")
    return parser


if __name__ == "__main__":
    sys.exit(exit_status(main))
