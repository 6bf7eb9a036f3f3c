"""The methods that register real pairs."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from dirv_tf.registration import register
from experiments.comparison.bspline import bspline_flow_field
from experiments.comparison.real.elastix import elastix_flow_field, elastix_version
from experiments.comparison.real.mutual_information import mutual_information_flow_field

NETWORKS = {2: "best-2d", 3: "best-3d"}
# For images that differ in appearance, and from afar as sections do.
CONTRAST = "multi-contrast-2d"
METHOD_NAMES = (
    "before", "network", "contrast", "contrast-optimized",
    "register-fast", "register-default", "register-best", "simpleitk", "elastix",
)
THREADS = 1


class Answer(NamedTuple):
    """What a method gives: a flow field and, where it judges itself, a function that says what speaks against it."""

    flow_field: np.ndarray
    verdict: Callable[[], tuple[str, ...]] | None = None


class RealMethod(NamedTuple):
    """A method: its name, what it is, and its function of a fixed and a moving image, which gives an `Answer`."""

    name: str
    what: str
    register: Callable[[np.ndarray, np.ndarray], Answer]


def real_methods(rank: int = 2) -> dict[str, RealMethod]:
    """Return the methods by name; elastix only where the package itk-elastix is installed.

    Parameters
    ----------
    rank : {2, 3}
        Dimensions of the images.

    Returns
    -------
    dict of RealMethod
        In the order of the table; "before" registers nothing.
    """
    cores = "one core" if THREADS == 1 else f"{THREADS} cores"
    network = NETWORKS[rank]
    if rank == 2:
        simpleitk = mutual_information_flow_field
        stages = "rigid from twelve angles, affine, B-splines; Mattes mutual information"
    else:
        # Volumes of one contrast, in one pose: there the mean squared difference is the quicker and the better measure.
        simpleitk, stages = _squares, "affine, B-splines; mean squared difference"
    methods = [
        RealMethod("before", "the pair as it is", register_nothing),
        RealMethod("network", f'`register(model="{network}")`: the network alone', _registered(model=network)),
        *(_of_two_contrasts() if rank == 2 else ()),
        *(
            RealMethod(f"register-{effort}", f'`register(effort="{effort}")`', _registered(effort=effort))
            for effort in ("fast", "default", "best")
        ),
        RealMethod("simpleitk", f"SimpleITK, {cores}: {stages}", _field_of(simpleitk)),
    ]
    version = elastix_version()
    if version:
        what = f"itk-elastix {version}, {cores}: default parameter maps translation, affine, B-splines"
        methods.append(RealMethod("elastix", what, _field_of(elastix_flow_field)))
    return {method.name: method for method in methods}


def _of_two_contrasts():
    call = f'`register(model="{CONTRAST}", align="auto"'
    settings = {"model": CONTRAST, "align": "auto"}
    return (
        RealMethod("contrast", f"{call})`: aligned, then the network alone", _registered(**settings)),
        RealMethod(
            "contrast-optimized", f"{call}, optimize=True)`: then optimized", _registered(**settings, optimize=True)
        ),
    )


def _squares(fixed, moving, threads):
    import SimpleITK

    SimpleITK.ProcessObject.SetGlobalDefaultNumberOfThreads(threads)
    return bspline_flow_field(fixed, moving)


def register_nothing(fixed: np.ndarray, moving: np.ndarray) -> Answer:
    """Leave a pair as it is."""
    return Answer(np.zeros((*fixed.shape, fixed.ndim), np.float32))


def _field_of(flow_field):
    return lambda fixed, moving: Answer(flow_field(fixed, moving, threads=THREADS))


def _registered(**settings):
    def run(fixed, moving):
        result = register(fixed, moving, **settings)
        return Answer(result.flow_field, lambda: result.quality.warnings)

    return run
