"""What a training's monitor and a report show of a `DIRVNet`: step sizes, filter responses, potentials and kernels."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import tensorflow as tf

from dirv_tf import geometry
from dirv_tf.models.dirv_net.filter_responses import bin_edges, response_statistics
from dirv_tf.models.network_observer import NetworkObserver


class DIRVNetObserver(NetworkObserver):
    """Observe a variational network.

    Scalars: the absolute step size of every unit and the share of filter responses outside the knot range, in percent.
    Pictures: potentials with their integrals, and kernels, of every level (thesis Fig. 7).

    Parameters
    ----------
    network : DIRVNet
    """

    def scalars(self, batch, outputs: dict[str, Any]) -> dict[str, float]:
        values = {}
        statistics = response_statistics(self.network, outputs)
        for index, (level, of_units) in enumerate(zip(self.network.pyramid_levels, statistics)):
            for number, (unit, responses) in enumerate(zip(level.variational_units, of_units)):
                step_size = float(unit.absolute_step_size)
                values[f"6 step size |α|, level {index}/unit {number}"] = step_size
                for name, term in (("data term", "data_term"), ("regularizer", "regularizer")):
                    tag = f"7 saturation (% of filter responses), level {index}/unit {number} {name}"
                    values[tag] = 100.0 * float(responses[term].outside)
        return values

    def pictures(self, outputs: dict[str, Any], epoch: int) -> Iterator[tuple[str, np.ndarray]]:
        # Matplotlib takes a second to load, which a training without pictures does not need.
        from dirv_tf import figures

        statistics = response_statistics(self.network, outputs)
        for index, (level, of_units) in enumerate(zip(self.network.pyramid_levels, statistics)):
            terms = [
                (_curves(unit.data_experts, each["data_term"]), _curves(unit.regularizer_experts, each["regularizer"]))
                for unit, each in zip(level.variational_units, of_units)
            ]
            heading = f"level {index}, epoch {epoch}: potentials ψ and their integrals φ"
            data_terms, regularizers = zip(*terms)
            figure = figures.potentials_figure(data_terms, regularizers, heading)
            yield f"D potentials/level {index}", figures.figure_to_rgb(figure)
            data_kernels = [_array(unit.data_experts.kernels) for unit in level.variational_units]
            regularizer_kernels = [_array(unit.regularizer_experts.kernels) for unit in level.variational_units]
            heading = f"level {index}, epoch {epoch}: kernels"
            figure = figures.kernels_figure(data_kernels, regularizer_kernels, heading)
            yield f"E kernels/level {index}", figures.figure_to_rgb(figure)


def _curves(experts, statistics):
    from dirv_tf.figures.potentials_figure import PotentialCurves

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
