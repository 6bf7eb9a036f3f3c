"""Times of several candidates, measured by turns, so that a noisy machine hits all alike."""

from __future__ import annotations

import time
from typing import NamedTuple

import numpy as np
import tensorflow as tf

_WARM_UPS = 2


class Spread(NamedTuple):
    """Median and quartiles of repetitions."""

    median: float
    lower_quartile: float
    upper_quartile: float
    repetitions: int


def spread(values):
    """Return the `Spread` of some numbers."""
    lower, median, upper = np.percentile(values, [25, 50, 75])
    return Spread(float(median), float(lower), float(upper), len(values))


def ratio(times, others):
    """Return the `Spread` of the ratios of two lists of times, turn by turn."""
    return spread(np.divide(times, others))


def measure_by_turns(candidates, seconds, least=3, most=200):
    """Call every candidate, A B C A B C ..., and take the times.

    The first calls, which trace and compile, are not counted.

    Parameters
    ----------
    candidates : dict of str to callable
    seconds : float
        How long to measure, all candidates together; whole turns, begun before the time is up.
    least, most : int
        Turns at least and at most.

    Returns
    -------
    dict of str to list of float
        Seconds of every turn.
    """
    for _ in range(_WARM_UPS):
        for candidate in candidates.values():
            _finished(candidate())
    times = {name: [] for name in candidates}
    end = time.perf_counter() + seconds
    for turn in range(most):
        if turn >= least and time.perf_counter() > end:
            break
        for name, candidate in candidates.items():
            begun = time.perf_counter()
            _finished(candidate())
            times[name].append(time.perf_counter() - begun)
    return times


def _finished(result):
    # A GPU works on while Python goes on; it is done when a number of the last result has arrived.
    for tensor in tf.nest.flatten(result)[-1:]:
        if tf.is_tensor(tensor):
            tf.reshape(tensor, [-1])[0].numpy()
