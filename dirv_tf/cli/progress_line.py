"""A moving line that says how far a command is and how long it will still take."""

from __future__ import annotations

import shutil
import sys
import time

from dirv_tf.training.execution.progress import duration

_WIDTH = 24


class ProgressLine:
    """Draw progress over itself on a terminal; elsewhere, where nothing can be drawn over, it stays silent.

    Parameters
    ----------
    stream : text stream or None
        Standard error by default, so that what a command prints can be used.
    """

    def __init__(self, stream=None):
        self._stream = stream or sys.stderr
        self._moving = self._stream.isatty()
        self._begun = time.monotonic()

    def __call__(self, done, total, name):
        """Draw the line: `done` of `total`, and the name of what comes next."""
        if not self._moving:
            return
        left = f"{duration((time.monotonic() - self._begun) / done * (total - done))} left" if done else "time left: …"
        filled = _WIDTH * done // total
        line = f"[{'#' * filled}{'.' * (_WIDTH - filled)}] {done}/{total}  {left}  {name}"
        # A line that wraps cannot be drawn over.
        self._stream.write(f"\r{line[: shutil.get_terminal_size().columns - 1]}\x1b[K")
        self._stream.flush()

    def end(self):
        """Take the line away."""
        if self._moving:
            self._stream.write("\r\x1b[K")
            self._stream.flush()
