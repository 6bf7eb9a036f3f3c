"""A way to register on a set of pairs with known fields: all columns of the tables."""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable

import numpy as np

from dirv_tf import geometry, metrics
from experiments.comparison.families.ways import FlowField
from experiments.comparison.measurement import reductions, shown
from experiments.comparison.pair_sets import Pairs

# Pairs that are registered the other way round as well.
INVERSE_PAIRS = 4


def measure(
    register: FlowField, pairs: Pairs, progress: Callable[[int, int], None] = lambda done, total: None
) -> dict:
    """Register pairs one by one, the first ones in both directions.

    Parameters
    ----------
    register : callable
        From a fixed and a moving image, (n_1, ..., n_r), to a flow field. Its first call is in no time.
    pairs : Pairs
    progress : callable
        Told the number of pairs done and of all pairs.

    Returns
    -------
    dict
        `dl_int_finest`, `dl_dis_finest` in percent; `endpoint_px`, the mean over the pairs of the mean over the pixels
        whose content the moving image shows, and `endpoint_px_pairs`, one number per pair; `folded_percent` and
        `sd_log_jacobian`, means over the pairs; `inverse_px`, the mean length of the way forth and back over all
        pixels of the first `INVERSE_PAIRS` pairs; medians of `seconds` and `cpu_seconds` per pair.
    """
    fixed, moving = pairs.fixed[..., 0], pairs.moving[..., 0]
    with warnings.catch_warnings():
        # The field is measured; what a method says of it is not.
        warnings.simplefilter("ignore", UserWarning)
        register(fixed[0], moving[0])
        fields, backward, times = [], [], []
        for number, (one, two) in enumerate(zip(fixed, moving), start=1):
            begun, cpu_begun = time.perf_counter(), time.process_time()
            fields.append(register(one, two))
            times.append((time.perf_counter() - begun, time.process_time() - cpu_begun))
            if number <= INVERSE_PAIRS:
                backward.append(register(two, one))
            progress(number, len(fixed))
    fields = np.stack(fields).astype(np.float32)
    endpoints = endpoint_errors(pairs.flow_field, fields)
    seconds, cpu_seconds = np.median(times, axis=0)
    return {
        **reductions(fields, pairs),
        "endpoint_px": round(float(endpoints.mean()), 4),
        "endpoint_px_pairs": endpoints.astype(np.float64).round(4).tolist(),
        "folded_percent": round(float(metrics.folded_percent(fields).numpy().mean()), 4),
        "sd_log_jacobian": round(float(metrics.sd_log_jacobian(fields).numpy().mean()), 4),
        "inverse_px": round(forth_and_back(fields[: len(backward)], np.stack(backward).astype(np.float32)), 4),
        "seconds": round(float(seconds), 4),
        "cpu_seconds": round(float(cpu_seconds), 4),
    }


def endpoint_errors(true: np.ndarray, found: np.ndarray) -> np.ndarray:
    """Return the mean distance of two fields per pair, where the moving image shows what the fixed one does.

    Parameters
    ----------
    true, found : ndarray, shape (B, n_1, ..., n_r, r)
        Pixels. Where `true` leads out of the image there is nothing to find.

    Returns
    -------
    ndarray, shape (B,), pixels
    """
    return metrics.endpoint_error(true, found, shown(true, true.shape[1:-1])).numpy()


def forth_and_back(forward: np.ndarray, backward: np.ndarray) -> float:
    """Return the mean length of what is left of every pixel's way forth and back, pixels.

    Parameters
    ----------
    forward, backward : ndarray, shape (B, n_1, ..., n_r, r)
        Fields of both directions, pixels.

    Returns
    -------
    float
        0 where they are inverse to each other.

    Examples
    --------
    >>> shift = np.full((1, 8, 8, 2), [3.0, 4.0], np.float32)
    >>> forth_and_back(shift, -shift), forth_and_back(shift, shift)
    (0.0, 10.0)
    """
    return float(metrics.displacement_lengths(geometry.compose(first=backward, second=forward)).numpy().mean())
