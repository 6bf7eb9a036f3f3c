"""A method on real pairs: how far landmarks are apart afterward, folds, times, and what the method says of itself."""

from __future__ import annotations

import time
import warnings

import numpy as np

from dirv_tf import geometry, metrics
from experiments.comparison.real.prepared_pair import PreparedPair

# Median rTRE below which a pair counts as found.
FOUND = 0.01


def relative_errors(pair: PreparedPair, flow_field: np.ndarray) -> np.ndarray:
    """Return the relative target registration errors of a pair's landmarks.

    The field carries the fixed image's landmarks to the moving image, where their distance from their partners counts,
    in pixels of the fixed image over its diagonal.

    Parameters
    ----------
    pair : PreparedPair
    flow_field : ndarray of float32, shape (n_1, n_2, 2), pixels

    Returns
    -------
    ndarray, shape (n,)
    """
    carried = geometry.warp_points(pair.fixed_points[np.newaxis].astype(np.float32), flow_field[np.newaxis]).numpy()[0]
    distances = np.linalg.norm(carried - pair.moving_points, axis=-1) / pair.scale
    return distances / np.linalg.norm(pair.fixed.shape)


def measure_pairs(register, pairs, progress=lambda done, total: None) -> dict:
    """Register pairs one by one.

    Parameters
    ----------
    register : callable
        From a fixed and a moving image to an `Answer`.
    pairs : sequence of PreparedPair
        A pair of each size is registered once more before, so that what a method prepares for a size is in no time but
        `first_call`.
    progress : callable
        Told the number of pairs done and of all pairs.

    Returns
    -------
    dict
        `first_call` with its `seconds` and `cpu_seconds`; `pairs`, one dict each: `rtre_median`, `folded_percent`,
        `seconds`, `cpu_seconds` and, of a method that judges itself, `warnings`; `summary` over the pairs.
    """
    with warnings.catch_warnings():
        # Landmarks judge; what a method warns of while it runs is in its verdict.
        warnings.simplefilter("ignore", UserWarning)
        first, sizes, rows = None, set(), []
        for number, pair in enumerate(pairs, start=1):
            size = pair.fixed.shape, pair.moving.shape
            if size not in sizes:
                _, times = _timed(register, pair)
                first = first or times
                sizes.add(size)
            rows.append(_row(register, pair))
            progress(number, len(pairs))
    return {"first_call": first, "pairs": rows, "summary": summary(rows, pairs)}


def summary(rows, pairs) -> dict:
    """Return what the rows of a method say together.

    Parameters
    ----------
    rows : sequence of dict
        As in `measure_pairs`.
    pairs : sequence of PreparedPair

    Returns
    -------
    dict
        Mean, median and largest `rtre_median`; shares (0 to 1) of pairs that are worse than before and that are found;
        largest `folded_percent`; median times; of a method that judges itself how many pairs were not found, how many
        of them it warned of, and how many of the found ones.
    """
    medians = np.array([row["rtre_median"] for row in rows])
    before = np.array([np.median(relative_errors(pair, _zero(pair))) for pair in pairs])
    found = medians < FOUND
    measured = {
        "rtre_mean": _rounded(medians.mean()),
        "rtre_median": _rounded(np.median(medians)),
        "rtre_worst": _rounded(medians.max()),
        "worse_than_before": round(float((medians > before + 1e-6).mean()), 4),
        "found": round(float(found.mean()), 4),
        "folded_percent_worst": round(max(row["folded_percent"] for row in rows), 4),
        "seconds": round(float(np.median([row["seconds"] for row in rows])), 3),
        "cpu_seconds": round(float(np.median([row["cpu_seconds"] for row in rows])), 3),
    }
    if all("warnings" in row for row in rows):
        warned = np.array([bool(row["warnings"]) for row in rows])
        measured.update(
            not_found=int((~found).sum()), warned_not_found=int((warned & ~found).sum()),
            warned_found=int((warned & found).sum()),
        )
    return measured


def _row(register, pair):
    answer, times = _timed(register, pair)
    row = {
        "name": pair.name,
        "rtre_median": _rounded(np.median(relative_errors(pair, answer.flow_field))),
        "folded_percent": round(float(metrics.folded_percent(answer.flow_field[np.newaxis])[0]), 4),
        **times,
    }
    if answer.verdict is not None:
        row["warnings"] = list(answer.verdict())
    return row


def _timed(register, pair):
    begun, cpu_begun = time.perf_counter(), time.process_time()
    answer = register(pair.fixed, pair.moving)
    seconds, cpu_seconds = time.perf_counter() - begun, time.process_time() - cpu_begun
    return answer, {"seconds": round(seconds, 3), "cpu_seconds": round(cpu_seconds, 3)}


def _zero(pair):
    return np.zeros((*pair.fixed.shape, 2), np.float32)


def _rounded(value):
    return round(float(value), 6)
