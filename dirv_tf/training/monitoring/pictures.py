"""The pictures of one epoch: from the network's outputs on the frozen batch to named RGB arrays."""

from __future__ import annotations

import numpy as np
import tensorflow as tf

from dirv_tf import figures, geometry, losses
from dirv_tf.figures.potentials_figure import PotentialCurves
from dirv_tf.training.monitoring.filter_responses import bin_edges


def pair_pictures(batch, outputs, spacing, epoch):
    """Draw every pair: images and differences, flow field, the field after every unit.

    Parameters
    ----------
    batch : FrozenBatch
        The pairs.
    outputs : dict
        What the model returned for them, and perhaps for more pairs after them.
    spacing : int or tuple of int
        Control-point spacing in pixels.
    epoch : int
        Epochs finished, for the headings.

    Yields
    ------
    pair of str and np.ndarray
        Tag and uint8 array (height, width, 3).
    """
    true_fields = None
    if batch.flow_field is not None:
        true_fields = losses.true_displacement_fields(batch.flow_field, outputs["displacement_fields"])
    for pair in range(batch.fixed.shape[0]):
        heading = f"pair {pair}, epoch {epoch}"
        true = None if batch.flow_field is None else batch.flow_field[pair].numpy()
        predicted = outputs["flow_field"][pair].numpy()
        images = (batch.fixed, batch.moving, outputs["registered_images"][-1])
        fixed, moving, registered = (each[pair, ..., 0].numpy() for each in images)
        figure = figures.registration_figure(fixed, moving, registered, predicted, heading)
        yield f"A registration/pair {pair}", figures.figure_to_rgb(figure)
        figure = figures.flow_field_figure(predicted, true, heading)
        yield f"B flow field/pair {pair}", figures.figure_to_rgb(figure)
        of_units = [fields[pair].numpy() for fields in outputs["displacement_fields"]]
        of_levels = None if true_fields is None else [fields[pair].numpy() for fields in true_fields]
        heading += ": displacement field after every unit"
        figure = figures.unit_fields_figure(of_units, of_levels, spacing, heading)
        yield f"C field after every unit/pair {pair}", figures.figure_to_rgb(figure)


def parameter_pictures(model, statistics, epoch):
    """Draw the potentials and the kernels of every level.

    Parameters
    ----------
    model : DIRVNet
        Its units hold the parameters.
    statistics : list over levels of lists over units of dicts
        From `response_statistics`.
    epoch : int
        Epochs finished, for the headings.

    Yields
    ------
    pair of str and np.ndarray
        Tag and uint8 array (height, width, 3).
    """
    for index, (level, of_units) in enumerate(zip(model.pyramid_levels, statistics)):
        terms = [
            (_curves(unit.data_experts, each["data_term"]), _curves(unit.regularizer_experts, each["regularizer"]))
            for unit, each in zip(level.units, of_units)
        ]
        heading = f"level {index}, epoch {epoch}: potentials ψ and their integrals φ"
        figure = figures.potentials_figure(*zip(*terms), heading)
        yield f"D potentials/level {index}", figures.figure_to_rgb(figure)
        data_kernels = [_array(unit.data_experts.kernels) for unit in level.units]
        regularizer_kernels = [_array(unit.regularizer_experts.kernels) for unit in level.units]
        heading = f"level {index}, epoch {epoch}: kernels"
        figure = figures.kernels_figure(data_kernels, regularizer_kernels, heading)
        yield f"E kernels/level {index}", figures.figure_to_rgb(figure)


def _curves(experts, statistics):
    potential = experts.potential
    knots = potential.function_values
    components = experts.kernels.shape[-2]
    positions = bin_edges(potential).astype(np.float32)
    arguments = tf.repeat(positions[:, None], knots.shape[0], axis=1)
    sampled = {}
    for name, function in (("ψ", geometry.piecewise_linear), ("φ", geometry.piecewise_linear_integral)):
        values = function(arguments, knots, potential.low, potential.high).numpy()
        # Channels are component-major.
        sampled[name] = values.T.reshape(components, -1, len(positions))
    return PotentialCurves(
        positions=positions,
        potentials=sampled["ψ"],
        integrals=sampled["φ"],
        knot_range=(potential.low, potential.high),
        response_shares=statistics.histogram.numpy(),
        outside_percent=100.0 * float(statistics.outside),
    )


def _array(variable):
    return tf.convert_to_tensor(variable).numpy()
