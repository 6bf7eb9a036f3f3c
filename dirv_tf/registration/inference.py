"""Networks as TensorFlow graphs that are traced once and serve images of every size.

To trace the 24 units of a network, and to compile them for one image size, takes a hundred times as long as to register
a pair. The units of a DIRV-Net differ in their weights alone: here one of them becomes a graph whose weights are
inputs, for images of unknown size, and is called once per unit. Any other network becomes one graph for unknown sizes.
"""

from __future__ import annotations

import functools
import weakref

import tensorflow as tf

from dirv_tf import geometry
from dirv_tf.layers import VariationalUnit
from dirv_tf.models import DIRVNet, RecurrentRefinement
from dirv_tf.models.dirv_net.pyramid_level import PyramidLevel
from dirv_tf.models.recurrent_refinement import flow_field_of_any_size

# Architectures whose graphs are kept. Networks of one architecture share them.
_KEPT = 16
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

    def refine(fixed, moving):
        with geometry.for_any_shape():
            outputs = RecurrentRefinement(_AsGraphs(network), rounds)((fixed, moving))
        return outputs["flow_field"], outputs["rounds"]

    return refine


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
    if _has_equal_units(network):
        return _unit_by_unit(network, fixed, moving)
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
    tf.types.experimental.GenericFunction
        From a fixed and a moving image (B, n_1, ..., n_r, 1) to a flow field (B, n_1, ..., n_r, r).
    """
    graphs = _whole_graphs.setdefault(network, {})
    if rank not in graphs:
        # Weak, since a value that holds its own key would keep every network in the dictionary for good.
        reference = weakref.ref(network)
        graphs[rank] = _traced(
            lambda fixed, moving: flow_field_of_any_size(reference(), fixed, moving), _images(rank), _images(rank)
        )
    return graphs[rank]


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
    rank, spacing, levels = network.rank, network.spacing_per_axis, network.pyramid_levels
    images = _pyramid(rank, len(levels), tuple(network.size_multiples))(fixed, moving)
    displacement_field = None
    for level, (fixed_image, moving_image) in zip(levels, images):
        if displacement_field is None:
            size = [side // step for side, step in zip(fixed_image.shape[1:-1], spacing)]
            displacement_field = tf.zeros([fixed_image.shape[0], *size, rank])
        else:
            displacement_field = _upsampling(rank, network.field_upsampling)(displacement_field)
        for unit in level.variational_units:
            displacement_field = _step(unit, rank, spacing)(
                fixed_image, moving_image, displacement_field, *map(tf.convert_to_tensor, _weights(unit))
            )
    return _interpolation(rank, spacing, network.squarings)(displacement_field, tf.constant(fixed.shape[1:-1]))


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
    return _traced(step, _images(rank), _images(rank), fields, *map(tf.TensorSpec, shapes))


@functools.lru_cache(_KEPT)
def _pyramid(rank, levels, multiples):
    def pyramid(fixed, moving):
        # As one batch: half of the operations to trace.
        images = [geometry.pad_to_multiple(tf.concat([fixed, moving], axis=0), multiples)]
        for _ in range(levels - 1):
            images.insert(0, geometry.downsample_image(images[0]))
        return [tf.split(pair, 2) for pair in images]

    return _traced(pyramid, _images(rank), _images(rank))


@functools.lru_cache(_KEPT)
def _upsampling(rank, method):
    fields = tf.TensorSpec([None] * (rank + 1) + [rank])
    return _traced(lambda field: geometry.upsample_displacement_field(field, method), fields)


@functools.lru_cache(_KEPT)
def _interpolation(rank, spacing, squarings):
    def interpolate(field, size):
        field = geometry.integrate_control_points(field, spacing, squarings)
        return geometry.crop_to_size(geometry.interpolate_control_points(field, spacing), tf.unstack(size))

    return _traced(interpolate, tf.TensorSpec([None] * (rank + 1) + [rank]), tf.TensorSpec([rank], tf.int32))


def _images(rank):
    return tf.TensorSpec([None] * (rank + 1) + [1])


def _traced(function, *signature):
    @tf.function(input_signature=signature, autograph=False)
    def graph(*arguments):
        with geometry.for_any_shape():
            return function(*arguments)

    return graph
