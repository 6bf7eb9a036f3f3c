"""A method on real pairs: how well what was drawn on them fits afterward, folds, times, and what it says of itself."""

from __future__ import annotations

import time
import warnings

import numpy as np

from dirv_tf import metrics


def measure_pairs(register, pairs, judge, progress=lambda done, total: None) -> dict:
    """Register pairs one by one.

    Parameters
    ----------
    register : callable
        From a fixed and a moving image to an `Answer`.
    pairs : sequence of PreparedPair, LabeledPair or PlainPair
        A pair of each size is registered once more before, so that what a method prepares for a size is in no time but
        `first_call`.
    judge : LandmarkJudge, LabelJudge or IntensityJudge
        Measures the fields.
    progress : callable
        Told the number of pairs done and of all pairs.

    Returns
    -------
    dict
        `first_call` with its `seconds` and `cpu_seconds`; `pairs`, one dict each: what the judge measures,
        `folded_percent`, `seconds`, `cpu_seconds` and, of a method that judges itself, `warnings`; `summary` over the
        pairs: that of the judge, largest `folded_percent`, median times.
    """
    with warnings.catch_warnings():
        # The judge judges; what a method warns of while it runs is in its verdict.
        warnings.simplefilter("ignore", UserWarning)
        first, sizes, rows = None, set(), []
        for number, pair in enumerate(pairs, start=1):
            size = pair.fixed.shape, pair.moving.shape
            if size not in sizes:
                _, times = _timed(register, pair)
                first = first or times
                sizes.add(size)
            rows.append(_row(register, pair, judge))
            progress(number, len(pairs))
    before = [judge.measure(pair, np.zeros((*pair.fixed.shape, pair.fixed.ndim), np.float32)) for pair in pairs]
    measured = {
        **judge.summary(rows, before),
        "folded_percent_worst": round(max(row["folded_percent"] for row in rows), 4),
        "seconds": round(float(np.median([row["seconds"] for row in rows])), 3),
        "cpu_seconds": round(float(np.median([row["cpu_seconds"] for row in rows])), 3),
    }
    return {"first_call": first, "pairs": rows, "summary": measured}


def _row(register, pair, judge):
    answer, times = _timed(register, pair)
    row = {
        "name": pair.name,
        judge.key: judge.measure(pair, answer.flow_field),
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
