"""The methods whose fields are judged."""

from __future__ import annotations

import functools
import warnings
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from dirv_tf.registration import register
from experiments.benchmark.demons import demons_flow_field
from experiments.comparison.bspline import bspline_flow_field


class JudgedMethod(NamedTuple):
    """A method: its name, what it is, and its function of a pair."""

    name: str
    what: str
    flow_field: Callable[[np.ndarray, np.ndarray], np.ndarray]


def registered(fixed: Any, moving: Any, **options: Any) -> Any:
    """Return a registration; what `register` warns of is in its verdict."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        return register(fixed, moving, **options)


METHODS = (
    JudgedMethod(
        "register",
        "`dirv_tf.register(fixed, moving)`",
        lambda fixed, moving: registered(fixed, moving).flow_field,
    ),
    JudgedMethod(
        "best-2d",
        "the network best-2d alone",
        lambda fixed, moving: registered(fixed, moving, model="best-2d", normalize="type").flow_field,
    ),
    JudgedMethod("demons", "diffeomorphic demons (SimpleITK)", demons_flow_field),
    # At full size alone, as tuned for small displacements: a pyramid moves some chessboards by a cell.
    JudgedMethod(
        "B-splines",
        "affine, then B-splines 8 pixels apart (SimpleITK)",
        functools.partial(bspline_flow_field, levels=1),
    ),
)
