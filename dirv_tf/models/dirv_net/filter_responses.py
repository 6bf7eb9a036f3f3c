"""How the filter responses of every unit lie within the knot range of its potentials."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import tensorflow as tf

from dirv_tf import geometry

# The drawn range is this much wider than the knot range, so that one sees what falls outside.
DRAWN_RANGE = 1.5
BINS = 60


class ResponseStatistics(NamedTuple):
    """Statistics of one field of experts over a batch.

    Attributes
    ----------
    outside : scalar
        Share of the filter responses outside the knot range, where the potential is constant and learns nothing.
    histogram : array, shape (BINS,)
        Share of the responses in equal bins over the drawn range; what lies beyond counts in the first and last bin.
    """

    outside: object
    histogram: object


def drawn_range(potential):
    """Return the pair of floats between which a potential is drawn: its knot range, widened by `DRAWN_RANGE`."""
    center, half = 0.5 * (potential.high + potential.low), 0.5 * (potential.high - potential.low)
    return center - DRAWN_RANGE * half, center + DRAWN_RANGE * half


def response_statistics(model, outputs):
    """Measure the filter responses of every unit on a batch.

    A unit sees the field that the unit before it left; the outputs hold these fields, so no unit runs a second time.

    Parameters
    ----------
    model : DIRVNet
    outputs : dict
        What the model returned for the batch.

    Returns
    -------
    list over levels, coarse to fine, of lists over units of dicts
        With keys "data_term" and "regularizer", each a ResponseStatistics of tensors.
    """
    statistics, start = [], None
    images = zip(outputs["fixed_images"], outputs["moving_images"])
    moved = outputs.get("velocity_fields", outputs["displacement_fields"])
    for level, fields, (fixed, moving) in zip(model.pyramid_levels, moved, images):
        first = fields[:, 0]
        if start is None:
            before = tf.zeros_like(first)
        else:
            before = model.upsampling(start)
        of_level = []
        for index, unit in enumerate(level.variational_units):
            displacements = geometry.integrate_control_points(before, unit.spacing, unit.squarings)
            registered = model.warp((moving, model.interpolation(displacements)))
            of_level.append(
                {
                    "data_term": _statistics(unit.data_experts, registered - fixed),
                    "regularizer": _statistics(unit.regularizer_experts, before),
                }
            )
            before = fields[:, index]
        start = before
        statistics.append(of_level)
    return statistics


def _statistics(experts, x):
    responses = experts.filter_responses(x)
    potential = experts.potential
    outside = (responses < potential.low) | (responses > potential.high)
    low, high = drawn_range(potential)
    counts = tf.histogram_fixed_width(responses, [low, high], nbins=BINS)
    return ResponseStatistics(
        outside=tf.reduce_mean(tf.cast(outside, tf.float32)),
        histogram=tf.cast(counts, tf.float32) / tf.cast(tf.size(responses), tf.float32),
    )


def bin_edges(potential):
    """Return the edges of the histogram's bins, array (BINS + 1,)."""
    return np.linspace(*drawn_range(potential), BINS + 1)
