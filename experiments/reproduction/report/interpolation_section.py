"""What no network with control points can remove: the error of the true field, rebuilt from its control points."""

from __future__ import annotations

from dirv_tf.report.document import Section, picture
from experiments.folders import RUNS

PAIRS = 500
_SPACING = 4


def interpolation_section(pictures=True):
    """Return the section on the error of interpolation, measured now on the first unseen pairs of run A-6.

    Parameters
    ----------
    pictures : bool
        Whether to draw a pair.

    Returns
    -------
    Section
    """
    from dirv_tf.training.config.config_loading import load_run
    from dirv_tf.training.execution.building import testing_pairs

    pairs = testing_pairs(load_run("A-6", folder=RUNS)).first(PAIRS)
    share, worst = interpolation_error(pairs)
    text = (
        f"A network moves control points, {_SPACING} pixels apart, and interpolates between them. Where even the true "
        f"vectors at the control points are interpolated, {share:.1f} % of the initial intensity error remain ({PAIRS} "
        f"unseen pairs of run A-6) and the field is off by {worst:.2f} px at most: what no network with these control "
        "points can remove, whatever it learns. The thesis found 15 % here and took it for the limit of the method; "
        "a field that is sampled on one grid and interpolated on another leaves about as much, see below."
    )
    blocks = [text]
    if pictures:
        blocks.append(_picture(pairs))
    return Section("What control points cannot show", blocks)


def interpolation_error(pairs):
    """Measure the error of true fields that are rebuilt from their control points.

    Parameters
    ----------
    pairs : dirv_tf.datasets.PairBatches
        With known fields.

    Returns
    -------
    pair of float
        The share of the initial intensity error that remains, in percent; the largest length of a vector of
        rebuilt - true, in pixels.
    """
    import tensorflow as tf

    from dirv_tf import geometry

    sums, worst = [0.0, 0.0], 0.0
    for (fixed, moving), true in pairs.evaluation():
        rebuilt = rebuilt_field(true)
        for index, image in enumerate((moving, geometry.warp_image(moving, rebuilt))):
            sums[index] += float(tf.reduce_sum(tf.abs(image - fixed)))
        worst = max(worst, float(tf.reduce_max(tf.norm(rebuilt - true, axis=-1))))
    return 100 * sums[1] / sums[0], worst


def rebuilt_field(true):
    """Return a flow field (B, n_1, ..., n_r, r) sampled at its control points and interpolated between them."""
    from dirv_tf import geometry

    return geometry.interpolate_control_points(geometry.sample_control_points(true, _SPACING), _SPACING)


def _picture(pairs):
    from dirv_tf import figures, geometry

    (fixed, moving), true = pairs.first(8).frozen_batch()
    rebuilt = rebuilt_field(true)
    images = (fixed, moving, geometry.warp_image(moving, rebuilt))
    arrays = [each[0, ..., 0].numpy() for each in images]
    figure = figures.interpolation_error_figure(*arrays, true[0].numpy(), rebuilt[0].numpy(), _SPACING)
    caption = (
        "Above the fixed image and the differences to it, before and after warping by the field that was rebuilt from "
        "the true vectors at the control points. Below the true field, the rebuilt one with its control points, and "
        "what lies between: the error is largest where the field bends, and beyond the last control points."
    )
    return picture("The true field rebuilt from its control points", caption, figures.figure_to_rgb(figure))
