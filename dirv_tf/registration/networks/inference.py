"""Networks as TensorFlow graphs that are traced once and serve images of every size.

To trace the 24 units of a network, and to compile them for one image size, takes a hundred times as long as to register
a pair. The units of a DIRV-Net differ in their weights alone: one of them becomes a graph whose weights are inputs, for
images of unknown size, and the graph of the network calls it once per unit. Any other network is one graph for unknown
sizes.

Everything between the images and the field is inside of graphs: TensorFlow 2.15 under Python 3.11 keeps 48 bytes of
every eager tensor for good, and a network called unit by unit makes hundreds of them.
"""

from __future__ import annotations

import functools
import weakref

import tensorflow as tf

from dirv_tf import geometry
from dirv_tf.geometry import graph_for_any_shape
from dirv_tf.layers import VariationalUnit
from dirv_tf.models import CounterpartNetwork, DIRVNet, RecurrentRefinement
from dirv_tf.models.dirv_net.pyramid_level import PyramidLevel
from dirv_tf.models.recurrent_refinement import flow_field_of_any_size

# Architectures whose graphs of a unit are kept. Networks of one architecture share them.
_KEPT = 16
# Per network its graphs, by the rank of the images and the rounds of refinement.
_whole_graphs = weakref.WeakKeyDictionary()


def compiled_network(network, rounds=None):
    """Return a function that registers images of any size with a network.

    Parameters
    ----------
    network : tf.keras.Model
        From ``(fixed, moving)`` to a dictionary with "flow_field"; with the attribute `size_multiples`.
    rounds : int, optional
        Most rounds of `RecurrentRefinement`; default: the network runs once.

    Returns
    -------
    callable
        From a fixed and a moving image (B, n_1, ..., n_r, 1), float32 in [0, 1], to a flow field (B, n_1, ..., n_r, r)
        and the number of rounds (B,). Nothing is traced or kept for an image size.
    """
    if rounds is None:
        return lambda fixed, moving: (flow_field(network, fixed, moving), tf.ones(fixed.shape[:1], tf.int32))
    return lambda fixed, moving: _refinement_graph(network, fixed.shape.rank - 2, rounds)(fixed, moving)


def flow_field(network, fixed, moving):
    """Register images of any size.

    Parameters
    ----------
    network : tf.keras.Model
        See `compiled_network`.
    fixed, moving : tf.Tensor of float32, shape (B, n_1, ..., n_r, 1)
        Intensities in [0, 1].

    Returns
    -------
    tf.Tensor, shape (B, n_1, ..., n_r, r)
        Backward flow field, pixels, array-axis order.
    """
    return whole_graph(network, fixed.shape.rank - 2)(fixed, moving)


def whole_graph(network, rank):
    """Return the one graph of a network for images of unknown size.

    Parameters
    ----------
    network : tf.keras.Model
        See `compiled_network`.
    rank : int
        Number of spatial axes of the images.

    Returns
    -------
    tf.types.experimental.ConcreteFunction
        From a fixed and a moving image (B, n_1, ..., n_r, 1) to a flow field (B, n_1, ..., n_r, r).
    """

    def register(network, fixed, moving):
        if isinstance(network, CounterpartNetwork):
            return _through_base(network, fixed, moving)
        compute = _unit_by_unit if _has_equal_units(network) else flow_field_of_any_size
        return compute(network, fixed, moving)

    return _kept_graph(network, rank, None, register)


def _refinement_graph(network, rank, rounds):
    def refine(network, fixed, moving):
        outputs = RecurrentRefinement(_AsGraphs(network), rounds)((fixed, moving))
        return outputs["flow_field"], outputs["rounds"]

    return _kept_graph(network, rank, rounds, refine)


def _kept_graph(network, rank, rounds, compute):
    """Return the graph of ``compute(network, fixed, moving)``, from the network's own ones where it is there."""
    graphs = _whole_graphs.setdefault(network, {})
    if (rank, rounds) not in graphs:
        # Weak, since a value that holds its own key would keep every network in the dictionary for good.
        reference = weakref.ref(network)
        images = _images(rank), _images(rank)
        graph = graph_for_any_shape(lambda fixed, moving: compute(reference(), fixed, moving), *images)
        # TensorFlow counts all graphs of one place as one: those of several networks would be one that is traced often.
        graphs[rank, rounds] = graph.get_concrete_function()
    return graphs[rank, rounds]


def _through_base(network, fixed, moving):
    """As `CounterpartNetwork.call`, with the graph of its base, which is traced once."""
    find = whole_graph(network.base_network, fixed.shape.rank - 2)
    padded = [geometry.pad_to_multiple(image, network.size_multiples) for image in (fixed, moving)]
    field = find(network.filled(*padded, find), padded[1])
    return geometry.crop_to_size(field, tf.unstack(tf.shape(fixed)[1:-1]))


class _AsGraphs:
    """What `RecurrentRefinement` needs of a network, computed by its graphs."""

    def __init__(self, network):
        self._network = network
        self.size_multiples = network.size_multiples

    def __call__(self, inputs):
        return {"flow_field": flow_field(self._network, *inputs)}


# ---------------------------------------------------------------- unit by unit


def _has_equal_units(network):
    """Whether this is a DIRV-Net as it is, and no variant, of float32."""
    if type(network) is not DIRVNet or any(type(level) is not PyramidLevel for level in network.pyramid_levels):
        return False
    units = [unit for level in network.pyramid_levels for unit in level.variational_units]
    return all(type(unit) is VariationalUnit and unit.expert_policy == "float32" for unit in units)


def _unit_by_unit(network, fixed, moving):
    """As `DIRVNet.call`, without what only training needs."""
    rank, spacing = network.rank, network.spacing_per_axis
    # As one batch: half of the operations to trace.
    images = [geometry.pad_to_multiple(tf.concat([fixed, moving], axis=0), network.size_multiples)]
    for _ in network.pyramid_levels[1:]:
        images.insert(0, geometry.downsample_image(images[0]))
    size = tf.shape(images[0])[1:-1] // spacing
    displacement_field = tf.zeros(tf.concat([tf.shape(fixed)[:1], size, [rank]], axis=0))
    for number, (level, pair) in enumerate(zip(network.pyramid_levels, images)):
        if number:
            displacement_field = geometry.upsample_displacement_field(displacement_field, network.field_upsampling)
        displacement_field = _level(level.variational_units, *tf.split(pair, 2), displacement_field, spacing)
    displacement_field = geometry.integrate_control_points(displacement_field, spacing, network.squarings)
    field = geometry.interpolate_control_points(displacement_field, spacing)
    return geometry.crop_to_size(field, tf.unstack(tf.shape(fixed)[1:-1]))


def _level(units, fixed, moving, displacement_field, spacing):
    """One unit after the other; as a loop, since TensorFlow prepares every call in a graph anew, for tens of ms."""
    step = _step(units[0], fixed.shape.rank - 2, spacing)
    weights = [tf.stack(list(map(tf.convert_to_tensor, each))) for each in zip(*map(_weights, units))]

    def onward(number, field):
        return number + 1, step(fixed, moving, field, *(tf.gather(each, number) for each in weights))

    return tf.while_loop(lambda number, _: number < len(units), onward, (tf.constant(0), displacement_field))[1]


def _weights(unit):
    experts = unit.data_experts, unit.regularizer_experts
    of_experts = (weights for term in experts for weights in (term.kernels, term.potential.knot_values))
    return *of_experts, unit.absolute_step_size


def _step(unit, rank, spacing):
    potential = unit.data_experts.potential
    shapes = tuple(tuple(weights.shape) for weights in _weights(unit))
    return _variational_step(rank, spacing, shapes, *potential.knot_range, potential.centered, unit.squarings)


@functools.lru_cache(_KEPT)
def _variational_step(rank, spacing, shapes, low, high, centered, squarings):
    """As `VariationalUnit.call`, with the weights as arguments."""

    def experts(values, kernels, knots):
        kernel = geometry.expert_kernel(kernels)
        responses = geometry.expert_convolution(values, kernel)
        responses = geometry.piecewise_linear(responses, knots, low, high, centered)
        return geometry.transposed_expert_convolution(responses, kernel)

    def step(fixed, moving, field, data_kernels, data_knots, kernels, knots, step_size):
        displacements = geometry.integrate_control_points(field, spacing, squarings)
        registered = geometry.warp_image(moving, geometry.interpolate_control_points(displacements, spacing))
        force = geometry.data_force(experts(registered - fixed, data_kernels, data_knots), registered, spacing)
        return field - step_size * (force + experts(field, kernels, knots))

    fields = tf.TensorSpec([None] * (rank + 1) + [rank])
    return graph_for_any_shape(step, _images(rank), _images(rank), fields, *map(tf.TensorSpec, shapes))


def _images(rank):
    return tf.TensorSpec([None] * (rank + 1) + [1])
