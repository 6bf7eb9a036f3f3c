"""Registers two whole slides with a known map between them and warps one at full resolution, with a kill on the way.

``python -m experiments.reliability.slides`` takes some minutes, and 3 GB on the disk for slides of 20,000² pixels.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from dirv_tf.cli.command_line import exit_status, prepare_process
from experiments.arguments import add_output, at_least, say
from experiments.reliability.slide_pair import KnownSlides, write_slides

RECORD_NAME = "slides.json"
# What is promised: pixels of full resolution on average, megabytes.
MOST_ERROR, MOST_MEMORY_MB = 8.0, 2048
# Regions of the slides in which they are compared, and their sides.
_REGIONS, _REGION_SIDE = 100, 64
STEPS = ("register", "killed", "warp", "warp_jpeg")
FILES = {
    "fixed": "fixed.tif",
    "moving": "moving.tif",
    "result": "result",
    "moved": "moved.ome.tif",
    "moved_jpeg": "moved.tif",
}
_COMMAND = (sys.executable, "-m", "dirv_tf")


def main(arguments=None):
    """Read the command line, register and compare.

    Parameters
    ----------
    arguments : list of str, optional
        Default: those of this process.

    Returns
    -------
    int
        Exit status: 0 all is as promised, 1 it is not.
    """
    prepare_process()
    options = _parser().parse_args(arguments)
    record = carry_out(options.size, options.tile, options.output, options.place, say)
    for fault in record["faults"]:
        say(f"FAULT: {fault}")
    return 1 if record["faults"] else 0


def carry_out(side, tile, output, place=None, report=print):
    """Make two slides, register and warp them in processes of their own, compare, and write the record.

    Parameters
    ----------
    side : int
        Rows, and columns, of the slides.
    tile : int
        Side of their tiles.
    output : str or Path
        Folder of the record, `slides.json`.
    place : str or Path, optional
        Where the slides lie meanwhile; by default in the system's temporary folder.
    report : callable
        Says a line of text.

    Returns
    -------
    dict
        The record.
    """
    from dirv_tf.io import read_flow_field
    from dirv_tf.io.atomic_write import write_json
    from dirv_tf.io.output_paths import check_output_folder
    from dirv_tf.training.execution.environment import hardware, versions

    output = check_output_folder(output)
    with tempfile.TemporaryDirectory(dir=place) as folder:
        folder = Path(folder)
        slides = KnownSlides(side)
        paths = write_slides(folder, slides, tile, report)
        field_path, moved = folder / "result" / "flow_field.npz", folder / "moved.ome.tif"
        registered = carried_out(["register", *map(str, paths), "-o", str(field_path.parent)])
        report(f"registered: {registered}")
        command = ["warp", str(paths[1]), str(field_path), "-o", str(moved), "--tile", str(tile)]
        blocks = (-(-side // (4 * tile))) ** 2
        killed = carried_out(command, kill_at=(folder, blocks // 3))
        report(f"killed: {killed}")
        warped = carried_out(command)
        report(f"warped: {warped}")
        small = folder / "moved.tif"
        in_jpeg = carried_out([*command[:4], str(small), *command[5:], "--compression", "jpeg"])
        report(f"warped, in JPEG: {in_jpeg}")
        field = read_flow_field(field_path)
        record = {
            "side": side,
            "tile": tile,
            "level": {"number": field.levels[0].number, "step": field.levels[0].step[0], "size": field.levels[0].size},
            "register": registered,
            "killed": killed,
            "warp": warped,
            "warp_jpeg": in_jpeg,
            "kept": kept_blocks(warped["said"]),
            **compared(slides, field, paths, moved, small),
            "mb": {
                name: _megabytes(path)
                for name, path in zip(FILES, (*paths, field_path.parent, moved, small))
            },
            "left": sorted(path.name for path in folder.iterdir()),
            "versions": versions(),
            "hardware": hardware(),
        }
    record["faults"] = faults(record)
    for name in STEPS:
        # It names the folders of this machine.
        del record[name]["said"]
    write_json(output / RECORD_NAME, record)
    report(f"Written: {output / RECORD_NAME}")
    return record


def carried_out(arguments, kill_at=None):
    """Carry out a command of ``dirv-tf`` in a process of its own.

    Parameters
    ----------
    arguments : list of str
    kill_at : tuple of (Path, int), optional
        The folder of the output of ``dirv-tf warp``, and the number of blocks after which the process is killed.

    Returns
    -------
    dict
        "status", negative where it was killed, "seconds" by the clock, "cpu_seconds" of the processor, "memory_mb" at
        most, and what was "said".
    """
    started = time.perf_counter()
    with tempfile.TemporaryFile("w+", encoding="utf-8") as said:
        process = subprocess.Popen([*_COMMAND, *arguments], stdout=said, stderr=subprocess.STDOUT)
        status, usage = _waited_for(process.pid, kill_at)
        process.returncode = os.waitstatus_to_exitcode(status)
        said.seek(0)
        text = said.read()
    return {
        "status": process.returncode,
        "seconds": round(time.perf_counter() - started, 1),
        "cpu_seconds": round(usage.ru_utime + usage.ru_stime, 1),
        # Kilobytes on Linux, bytes on macOS.
        "memory_mb": round(usage.ru_maxrss / (1e3 if sys.platform == "linux" else 1e6)),
        "said": text.splitlines(),
    }


def _waited_for(pid, kill_at):
    """Return how a process ended and what it took. `Popen.poll`, and so `send_signal`, would throw the latter away."""
    if kill_at is not None:
        folder, blocks = kill_at
        while len(list(folder.glob(".*-unfinished/level_0_*"))) < blocks:
            ended, status, usage = os.wait4(pid, os.WNOHANG)
            if ended:
                return status, usage
            time.sleep(0.02)
        os.kill(pid, signal.SIGKILL)
    return os.wait4(pid, 0)[1:]


def kept_blocks(said):
    """Return how many blocks of how many `dirv-tf warp` took over from an earlier call, by what it said."""
    found = re.search(r"(\d+) of (\d+) blocks by an earlier call", " ".join(said))
    return [int(number) for number in found.groups()] if found else [0, 0]


def compared(slides, field, paths, moved, small):
    """Compare the map and the moved slide with what is known, in regions all over the slide.

    Returns
    -------
    dict
        "error_px" of the map before and after, pixels of full resolution; "difference" of the moving and of the moved
        slide (without loss and in JPEG) from the fixed one, mean absolute, of 255; "levels" of the moved slides.
    """
    from dirv_tf.io import slide_levels
    from dirv_tf.io.tiff_regions import RegionReader
    from dirv_tf.registration.maps.whole_slides import SlideMap

    slide_map, chance = SlideMap.of(field), np.random.default_rng(3)
    size, before, after = (_REGION_SIDE, _REGION_SIDE), [], []
    differences = {"before": [], "after": [], "jpeg": []}
    with contextlib.ExitStack() as stack:
        seen = {
            name: stack.enter_context(RegionReader(path))
            for name, path in zip(("fixed", "before", "after", "jpeg"), (*paths, moved, small))
        }
        while len(after) < _REGIONS:
            start = tuple(chance.integers(0, slides.side - _REGION_SIDE, 2).tolist())
            true = slides.places(start, size)
            if true.min() < 0 or true.max() > slides.side - 1:
                continue
            here = np.indices(size) + np.reshape(start, (2, 1, 1))
            before.append(np.linalg.norm(true - here, axis=0))
            after.append(np.linalg.norm(true - slide_map.places(start, size), axis=0))
            pixels = {name: reader.read(start, size).astype(np.float64) for name, reader in seen.items()}
            for name, values in differences.items():
                values.append(np.abs(pixels[name] - pixels["fixed"]).mean())
    return {
        "error_px": {"before": _summary(before), "after": _summary(after)},
        "difference": {name: round(float(np.mean(values)), 2) for name, values in differences.items()},
        "levels": {path.name: [level.size for level in slide_levels(path)] for path in (moved, small)},
    }


def faults(record):
    """Return what is not as it was promised."""
    wrong = []
    for name in ("register", "warp", "warp_jpeg"):
        if record[name]["status"] != 0:
            wrong.append(f"{name} ended with {record[name]['status']}: {record[name]['said']}")
    for name in STEPS:
        if record[name]["memory_mb"] > MOST_MEMORY_MB:
            wrong.append(f"{name} took {record[name]['memory_mb']} MB")
    if record["killed"]["status"] != -signal.SIGKILL or not 0 < record["kept"][0] < record["kept"][1]:
        wrong.append(f"killed with {record['killed']['status']}, and kept {record['kept']} blocks")
    if not record["error_px"]["after"]["mean"] <= MOST_ERROR:
        wrong.append(f"an error of {record['error_px']['after']['mean']} pixels")
    if not record["difference"]["after"] < record["difference"]["before"] / 4:
        wrong.append(f"a moved slide that differs from the fixed one by {record['difference']} of 255")
    if record["left"] != sorted(FILES.values()):
        wrong.append(f"files that are left: {record['left']}")
    return wrong


def _summary(values):
    statistics = {"mean": np.mean, "median": np.median, "p95": lambda each: np.percentile(each, 95), "max": np.max}
    return {name: round(float(of(np.array(values))), 3) for name, of in statistics.items()}


def _megabytes(path):
    files = path.iterdir() if path.is_dir() else (path,)
    return round(sum(file.stat().st_size for file in files) / 1e6, 1)


def _parser():
    parser = argparse.ArgumentParser(
        prog="python -m experiments.reliability.slides", description=__doc__.split("\n")[0]
    )
    parser.add_argument("--size", type=at_least(1000), default=20_000, help="rows, and columns (default: %(default)s)")
    parser.add_argument("--tile", type=at_least(16), default=512, help="side of the tiles (default: %(default)s)")
    parser.add_argument("--place", type=Path, metavar="FOLDER", help="for the slides meanwhile (default: the system's)")
    add_output(parser, "reliability")
    return parser


if __name__ == "__main__":
    sys.exit(exit_status(main))
