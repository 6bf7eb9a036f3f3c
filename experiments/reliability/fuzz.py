"""Damaged files by the thousand, for every reader: `python -m experiments.reliability fuzz`."""

from __future__ import annotations

import argparse
import datetime
import json
import os
import queue
import subprocess
import sys
import threading
from pathlib import Path

from dirv_tf.cli.command_line import exit_status, prepare_process
from experiments.arguments import add_output, at_least, say
from experiments.folders import CHECKOUT

RECORD_NAME = "fuzz.json"
SEED = 20240501
SECONDS_PER_FILE = 20
# Beyond what the process has before it.
MEMORY_PER_FILE = 2**30
_SECONDS_TO_START = 300
_EPILOG = """\
Small whole files are damaged (bits, lengths, numbers, lines, values of JSON, also behind intact checksums) and read in
a process of their own. Every one must give a value or an UnreadableFileError, in bounded time and memory. The record
says what else happened; a number in it gives the same file again. Some minutes for 1,000 files per reader.

examples:
  python -m experiments.reliability fuzz
  python -m experiments.reliability fuzz --reader tiff --mutations 200
"""


def main(arguments=None):
    """Read the command line and carry out the campaign.

    Parameters
    ----------
    arguments : list of str or None
        By default those of this process.

    Returns
    -------
    int
        Exit status: 0 nothing found, 1 something found, 2 wrong command line.
    """
    prepare_process()
    from dirv_tf.io.atomic_write import write_json
    from dirv_tf.io.output_paths import check_output_folder
    from dirv_tf.training.execution.environment import hardware, versions
    from experiments.reliability.readers import READERS

    options = _parser(tuple(READERS)).parse_args(arguments)
    names = [options.reader] if options.reader else list(READERS)
    file = check_output_folder(options.output) / RECORD_NAME
    # One reader anew leaves the others as they are.
    rows = json.loads(file.read_text(encoding="utf-8"))["readers"] if options.reader and file.is_file() else {}
    for name in names:
        row = _campaign(name, options.mutations, options.seed)
        rows[name] = {"title": READERS[name].title, "hardware": hardware(), **row}
        write_json(file, {
            "readers": {name: rows[name] for name in READERS if name in rows},
            "seed": options.seed, "seconds_per_file": SECONDS_PER_FILE, "memory_per_file": MEMORY_PER_FILE,
            "date": datetime.datetime.now().astimezone().isoformat(timespec="seconds"),
            "versions": versions(), "hardware": hardware(),
        })  # fmt: skip
    say(f"Written: {file}")
    return int(any(rows[name]["undocumented"] for name in names))


def _campaign(name, count, seed):
    row = {"mutations": 0, "values": 0, "errors": 0, "undocumented": [], "slowest_seconds": 0.0, "memory_mib": 0.0}
    done = 0
    while done < count:
        done = _watch(name, seed, done, count, row)
    print(file=sys.stderr)
    say(
        f"{name}: {row['mutations']} files, {row['values']} values, {row['errors']} documented errors, "
        f"{len(row['undocumented'])} others; slowest {row['slowest_seconds']:.2f} s, most memory "
        f"{row['memory_mib']:.0f} MiB"
    )
    return row


def _watch(name, seed, first, count, row):
    """Read damaged files in a process until all are read or it ends; return the number of the next file."""
    arguments = [name, str(seed), str(first), str(count - first)]
    command = [sys.executable, "-m", "experiments.reliability.fuzz_child", *arguments]
    process = subprocess.Popen(
        command, cwd=CHECKOUT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
        env={**os.environ, "PYTHONPATH": str(CHECKOUT), "CUDA_VISIBLE_DEVICES": ""},
    )  # fmt: skip
    lines: queue.Queue = queue.Queue()
    threading.Thread(target=lambda: [*map(lines.put, process.stdout), lines.put(None)], daemon=True).start()
    current, base = None, None
    try:
        while True:
            event, problem = _next(lines, process, _SECONDS_TO_START if base is None else SECONDS_PER_FILE, base)
            if event is None:
                if current is None and base is None:
                    raise RuntimeError(f"Expected a process that reads whole files. Received: {problem} ({name})")
                if current is not None:
                    _add(row, {"number": current, "outcome": problem, "seconds": 0.0, "file": ""}, 0)
                return count if current is None else current + 1
            if "start" in event:
                base = event["memory"]
            elif "begin" in event:
                current = event["begin"]
            else:
                current = None
                _add(row, event, event["memory"])
                if row["mutations"] % 20 == 0:
                    print(f"\r{name}: {event['number'] + 1} of {count}", end="", file=sys.stderr, flush=True)
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def _next(lines, process, seconds, base):
    """Return the next event, or None and what went wrong."""
    for _ in range(int(seconds * 10)):
        try:
            line = lines.get(timeout=0.1)
        except queue.Empty:
            if base is not None and _resident(process.pid) > base + MEMORY_PER_FILE:
                return None, f"more than {MEMORY_PER_FILE // 2**20} MiB"
            continue
        if line is None:
            return None, f"the process ended with status {process.wait()}"
        return json.loads(line), ""
    return None, f"more than {seconds} seconds"


def _resident(pid):
    """Return the memory in bytes that a process has now, where the system says it."""
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, IndexError):
        return 0


def _add(row, event, memory):
    row["mutations"] += 1
    row["slowest_seconds"] = max(row["slowest_seconds"], round(event["seconds"], 3))
    row["memory_mib"] = max(row["memory_mib"], round(memory / 2**20, 1))
    if event["outcome"] == "value":
        row["values"] += 1
    elif event["outcome"] == "error":
        row["errors"] += 1
    else:
        row["undocumented"].append({key: event[key] for key in ("number", "file", "outcome")})


def _parser(names):
    parser = argparse.ArgumentParser(
        prog="python -m experiments.reliability fuzz",
        description="Reads damaged files by the thousand, and says what is neither a value nor a documented error.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--mutations", type=at_least(1), default=1000, help="files per reader (default: %(default)s)")
    parser.add_argument("--reader", choices=names, help="this reader alone")
    parser.add_argument("--seed", type=at_least(0), default=SEED, help="of the damage (default: %(default)s)")
    add_output(parser, "reliability")
    return parser


if __name__ == "__main__":
    sys.exit(exit_status(main))
