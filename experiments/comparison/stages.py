"""How far a comparison is, and how long the rest of it may take."""

from __future__ import annotations

import time

from dirv_tf.training.execution.progress import duration


class Stages:
    """Say which stage is under way and, at the pace so far, when all are done.

    Parameters
    ----------
    work : sequence of float
        What each stage takes, up to a factor, in their order.
    report : callable
        Says a line of text.
    seconds_between : float
        How often `share` says something.
    clock : callable
        Seconds.
    """

    def __init__(self, work, report, seconds_between=10.0, clock=time.monotonic):
        self._work, self._report, self._seconds_between, self._clock = list(work), report, seconds_between, clock
        self._number = 0
        self._begun = self._said = clock()

    def begin(self, text):
        """Say what the next stage does."""
        self._number += 1
        self._report(f"[{self._number}/{len(self._work)}] {text}{self._left(0.0)}")

    def share(self, done, total):
        """Take note that `done` of `total` parts of the stage are done."""
        if self._clock() - self._said >= self._seconds_between:
            self._said = self._clock()
            self._report(f"  {done}/{total} done{self._left(done / total)}")

    def _left(self, share):
        done = sum(self._work[: self._number - 1]) + share * self._work[self._number - 1]
        if not done:
            return ""
        left = (self._clock() - self._begun) * (sum(self._work) - done) / done
        return f" (about {duration(left)} left for everything)"
