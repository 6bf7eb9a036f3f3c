"""The parts of a variational unit, one by one, on the shapes that they see in a training step."""

from __future__ import annotations

import functools

import tensorflow as tf

from dirv_tf import geometry
from experiments.benchmark.networks import pairs, ready_to_train, training_step
from experiments.benchmark.rows import OURS, Row
from experiments.benchmark.timing import measure_by_turns, spread

FORWARD, BACKWARD = "parts, forward", "parts, backward"
WHOLE = "sum and whole"


def measure_parts(plan):
    """Measure forward and backward passes of every part of a unit, and what a step does once.

    Each part is run for all units, one after the other, in one call. A part's backward time is that of both passes
    less the forward pass of the same turn.

    Parameters
    ----------
    plan : Plan

    Returns
    -------
    list of Row
        Milliseconds of all units together; the notes tell the share of the sum. At the end the sum, and the whole
        step measured in the same turns.
    """
    images, flow_field = pairs(plan.training_side, 2, plan.training_batch)
    network = ready_to_train(plan.run, units=plan.units, experts=plan.experts)
    outputs = network(images)
    candidates = {}
    for name, (function, arguments, watched) in _parts(network, images, outputs).items():
        candidates[name, FORWARD] = functools.partial(_forward_passes(function), arguments)
        candidates[name, BACKWARD] = functools.partial(_both_passes(function, watched), arguments)
    loss = tf.function(_loss)
    candidates["loss and metrics", FORWARD] = functools.partial(loss, network, images, flow_field, outputs)
    candidates["Adam", FORWARD] = _optimizer_step(network)
    candidates[OURS] = training_step(
        ready_to_train(plan.run, units=plan.units, experts=plan.experts), images, flow_field
    )
    times = measure_by_turns(candidates, 2 * plan.seconds)
    whole = times.pop(OURS)

    per_step = {}
    for (name, direction), seconds in times.items():
        if direction == BACKWARD:
            seconds = [both - forward for both, forward in zip(seconds, times[name, FORWARD])]
        per_step[name, direction] = spread([1000 * second for second in seconds])
    total = sum(value.median for value in per_step.values())
    rows = [
        Row(direction, name, value, note=f"{100 * value.median / total:.0f} % of the sum")
        for (name, direction), value in sorted(per_step.items(), key=lambda item: item[0][1], reverse=True)
    ]
    rows.append(Row(WHOLE, "sum of the parts", spread([total])))
    rows.append(Row(WHOLE, "whole step", spread([1000 * second for second in whole])))
    return rows


def _parts(network, images, outputs):
    """By the name of the part: function, its arguments in every unit, and which of them training differentiates in."""
    fixed, moving = images
    units = network.pyramid_levels[0].variational_units
    spacing, potential = network.spacing_per_axis, units[0].data_experts.potential

    def interpolated(field):
        return geometry.interpolate_control_points(field, spacing)

    def filtered(values, kernels):
        return geometry.expert_convolution(values, geometry.expert_kernel(kernels))

    def filtered_back(values, kernels):
        return geometry.transposed_expert_convolution(values, geometry.expert_kernel(kernels))

    def bent(values, knots):
        return geometry.piecewise_linear(values, knots, potential.low, potential.high, potential.centered)

    def force(data, registered):
        return geometry.data_force(data, registered, spacing)

    def regularizer(values, kernels, knots):
        kernel = geometry.expert_kernel(kernels)
        return geometry.transposed_expert_convolution(bent(geometry.expert_convolution(values, kernel), knots), kernel)

    parts = {
        "interpolation": (interpolated, [], [0]),
        "warp": (geometry.warp_image, [], [1]),
        "data convolution": (filtered, [], [0, 1]),
        "data potentials": (bent, [], [0, 1]),
        "data transposed convolution": (filtered_back, [], [0, 1]),
        "force, image gradient": (force, [], [0, 1]),
        "regularizer": (regularizer, [], [0, 1, 2]),
    }
    for index, unit in enumerate(units):
        field = outputs["displacement_fields"][0][:, index]
        kernels, knots = _variables(unit.data_experts)
        flow_field = interpolated(field)
        registered = geometry.warp_image(moving, flow_field)
        responses = filtered(registered - fixed, kernels)
        potentials = bent(responses, knots)
        every = (
            (field,),
            (moving, flow_field),
            (registered - fixed, kernels),
            (responses, knots),
            (potentials, kernels),
            (filtered_back(potentials, kernels), registered),
            (field, *_variables(unit.regularizer_experts)),
        )
        for (_, arguments, _), own in zip(parts.values(), every):
            arguments.append(own)
    return parts


def _variables(experts):
    return tf.convert_to_tensor(experts.kernels), tf.convert_to_tensor(experts.potential.knot_values)


def _forward_passes(function):
    return _one_after_the_other(lambda arguments: function(*arguments))


def _both_passes(function, watched):
    def both(arguments):
        sources = [arguments[index] for index in watched]
        with tf.GradientTape() as tape:
            tape.watch(sources)
            result = function(*arguments)
        # The result is returned as well: TensorFlow would drop a forward pass that nothing needs.
        return result, tape.gradient(result, sources, output_gradients=tf.ones_like(result))

    return _one_after_the_other(both)


def _one_after_the_other(function):
    @tf.function
    def run(all_arguments):
        results = []
        for arguments in all_arguments:
            with tf.control_dependencies(tf.nest.flatten(results[-1:])):
                results.append(function([tf.identity(argument) for argument in arguments]))
        return results

    return run


def _loss(network, images, flow_field, outputs):
    loss = network.compute_loss(images, flow_field, outputs)
    network.compute_metrics(images, flow_field, outputs)
    return loss


def _optimizer_step(network):
    gradients = [tf.ones_like(variable) for variable in network.trainable_variables]

    @tf.function
    def step():
        network.optimizer.apply_gradients(zip(gradients, network.trainable_variables))
        return gradients[-1]

    return step
