"""The classical methods, and the settings that each of them is tuned over."""

from __future__ import annotations

import itertools
import random
from typing import NamedTuple

from experiments.benchmark.demons import demons_flow_field
from experiments.comparison.bspline import bspline_flow_field
from experiments.comparison.measurement import measure


class Method(NamedTuple):
    """A method: its name, what it is, its function of a pair and settings, and the values tried for each setting."""

    name: str
    what: str
    register: object
    space: dict


METHODS = (
    Method(
        "demons",
        "diffeomorphic demons (SimpleITK)",
        demons_flow_field,
        {
            "shrinks": [(4, 2, 1), (2, 1)],
            "iterations": [50, 100, 200],
            "smoothing": [0.5, 0.75, 1.0, 1.5],
            "update_smoothing": [0.0, 1.0, 1.5, 2.0],
            "tolerance": [0.001, 0.01],
        },
    ),
    Method(
        "B-splines",
        "affine, then B-splines 8 pixels apart, mean squares, L-BFGS-B (SimpleITK)",
        bspline_flow_field,
        {"levels": [1, 2, 3], "smoothing": [0.5, 1.0, 1.5], "iterations": [25, 50, 100, 200], "order": [2, 3]},
    ),
)


def one_core_each() -> None:
    """Let SimpleITK work on one core: on small images more threads cost more than they gain.

    Raises
    ------
    ImportError
        Without SimpleITK.
    """
    try:
        import SimpleITK
    except ImportError as error:
        raise ImportError("Classical methods need SimpleITK: pip install 'dirv_tf[volumes]'") from error
    SimpleITK.ProcessObject.SetGlobalDefaultNumberOfThreads(1)


def tune(method, pairs, trials, seed=0, progress=lambda done, total: None):
    """Search for good settings at random, without repetition.

    Parameters
    ----------
    method : Method
    pairs : Pairs
        Not those of the test.
    trials : int
        Settings to try, at least 1; all of them where there are fewer.
    seed : int
        Of the choice.
    progress : callable
        Told the number of trials done and of all trials.

    Returns
    -------
    list of dict
        One per trial: `settings`, `dl_int_finest`, `dl_dis_finest`, `seconds_per_pair`; the best first. The best has
        the largest sum of both reductions.

    Raises
    ------
    ValueError
        For no trial: a method that was not tuned would not be compared fairly.
    """
    if trials < 1:
        raise ValueError(f"Expected at least one trial per method, to tune it. Received: trials={trials}")
    every = [dict(zip(method.space, values)) for values in itertools.product(*method.space.values())]
    chosen = random.Random(seed).sample(every, min(trials, len(every)))
    found = []
    for number, settings in enumerate(chosen, start=1):
        found.append({"settings": settings, **measure(bound(method, settings), pairs)})
        progress(number, len(chosen))
    return sorted(found, key=lambda trial: trial["dl_int_finest"] + trial["dl_dis_finest"], reverse=True)


def bound(method, settings):
    """Return the method's function of a pair with these settings."""
    return lambda fixed, moving: method.register(fixed, moving, **settings)
