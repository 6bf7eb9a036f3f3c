"""The process that reads damaged files, which may die of one: it says before each which it is.

`python -m experiments.reliability.fuzz_child READER SEED FIRST COUNT` prints one line of JSON per event.
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path

_PROCESS = Path("/proc/self")


def main(arguments):
    """Read `COUNT` damaged files, from number `FIRST` on."""
    from experiments.reliability.one_mutation import outcome, whole_files
    from experiments.reliability.readers import READERS

    name, (seed, first, count) = arguments[0], map(int, arguments[1:])
    with tempfile.TemporaryDirectory() as folder:
        files = whole_files(name, Path(folder) / "whole")
        for file in files:
            # Whole files are read before anything is measured: they bring libraries along.
            READERS[name].read(file)
        _say(start=True, memory=_memory("VmRSS"))
        for number in range(first, first + count):
            _say(begin=number)
            before = _memory("VmRSS")
            _forget_peak()
            found = outcome(name, Path(folder) / "damaged", files, seed, number)
            _say(number=number, **found, memory=max(0, _memory("VmHWM") - before))


def _memory(kind):
    """Return the memory in bytes that this process has (VmRSS) or had at most (VmHWM); 0 where Linux is not there."""
    if not _PROCESS.is_dir():
        return 0
    lines = (_PROCESS / "status").read_text(encoding="ascii", errors="replace").splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(f"{kind}:"))


def _forget_peak():
    """Let the most memory that this process had be what it has now."""
    if _PROCESS.is_dir():
        (_PROCESS / "clear_refs").write_text("5", encoding="ascii")


def _say(**content):
    print(json.dumps(content), flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
