"""Measurements that need a process of their own: of a first call, or of devices that are parted at the start."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

_ROOT = Path(__file__).parents[2]


def run_python(*arguments: str) -> tuple[float, str]:
    """Run Python in a fresh process that knows this checkout.

    Parameters
    ----------
    *arguments : str
        Of the interpreter.

    Returns
    -------
    tuple of (float, str)
        Seconds by the clock, and what the process printed.

    Raises
    ------
    RuntimeError
        When the process fails; with what it said.
    """
    paths = os.pathsep.join(filter(None, [str(_ROOT), os.environ.get("PYTHONPATH", "")]))
    environment = {**os.environ, "PYTHONPATH": paths}
    begun = time.perf_counter()
    done = subprocess.run([sys.executable, *arguments], capture_output=True, text=True, cwd=_ROOT, env=environment)
    seconds = time.perf_counter() - begun
    if done.returncode:
        raise RuntimeError(f"A process that is measured failed, {' '.join(arguments)}:\n{done.stderr}")
    return seconds, done.stdout
