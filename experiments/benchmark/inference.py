"""Registration of unseen pairs: dirv_tf, the textbook, VoxelMorph and demons, by turns."""

from __future__ import annotations

import functools

import numpy as np
import tensorflow as tf

from dirv_tf.metrics import endpoint_error
from dirv_tf.models.pretrained import load_pretrained, pretrained_names
from dirv_tf.registration.networks.inference import compiled_network
from experiments.benchmark.demons import demons_flow_field
from experiments.benchmark.networks import pairs, ready_to_train, voxelmorph_network
from experiments.benchmark.rows import MIXED, OURS, SETTINGS, TEXTBOOK, XLA, Row, rows_of_times
from experiments.benchmark.timing import measure_by_turns, spread

PER_PIXEL = "inference per pixel"


def section(side):
    """Return the name of the section of single pairs of that size."""
    return f"inference {side}²"


def registration(network, fixed, moving):
    """Return a call without arguments that registers a batch as `dirv_tf.register` does, traced once."""
    # The network is kept in the call: the compiled one refers to it weakly.
    return functools.partial(lambda network: compiled_network(network)(fixed, moving), network)


def measure_inference(plan, say):
    """Measure the registration of single pairs of several sizes, and of a batch.

    Parameters
    ----------
    plan : Plan
    say : callable
        Told the size that is being measured.

    Returns
    -------
    list of Row
        With the errors of dirv_tf and of demons in the notes, and with dirv_tf's nanoseconds per pixel.
    """
    settings = {"units": plan.units, "experts": plan.experts}
    networks = {name: ready_to_train(plan.run, **settings, **SETTINGS[name]) for name in (OURS, MIXED, TEXTBOOK)}
    unet = _field_and_image(voxelmorph_network())
    rows, per_pixel = [], []
    for side in plan.inference_sides:
        say(section(side))
        fixed, moving = (image[:1] for image in pairs(side, 2, plan.error_pairs)[0])
        candidates = {name: registration(network, fixed, moving) for name, network in networks.items()}
        if side in plan.xla_sides:
            under_xla = tf.function(networks[OURS], jit_compile=True)
            candidates[XLA] = functools.partial(under_xla, (fixed, moving))
        candidates["VoxelMorph"] = functools.partial(unet, (fixed, moving))
        notes = {}
        if side in plan.demons_sides:
            arrays = [image.numpy()[0, ..., 0] for image in (fixed, moving)]
            candidates["demons"] = functools.partial(demons_flow_field, *arrays)
            notes = _errors(plan, side)
        times = measure_by_turns(candidates, plan.seconds)
        rows += rows_of_times(section(side), times, notes)
        nanoseconds = [second / side**2 * 1e9 for second in times[OURS]]
        per_pixel.append(Row(PER_PIXEL, f"{side}²", spread(nanoseconds), "ns"))
    side, batch = plan.training_side, plan.training_batch
    fixed, moving = pairs(side, 2, batch)[0]
    candidates = {name: registration(network, fixed, moving) for name, network in networks.items()}
    candidates["VoxelMorph"] = functools.partial(unet, (fixed, moving))
    rows += rows_of_times(f"inference {side}², {batch} pairs", measure_by_turns(candidates, plan.seconds))
    return [*rows, *per_pixel]


def _field_and_image(network):
    """Return a graph of a network, for the sizes that it is called with, that gives its field and warps by it."""

    @tf.function
    def register(pair):
        outputs = network(pair)
        return outputs["flow_field"], outputs["registered_images"][-1]

    return register


def _errors(plan, side):
    """Mean endpoint errors over the plan's pairs, as notes."""
    (fixed, moving), true = pairs(side, 2, plan.error_pairs)
    images = zip(fixed.numpy()[..., 0], moving.numpy()[..., 0])
    fields = {"demons": np.stack([demons_flow_field(*pair) for pair in images])}
    notes = {}
    if plan.run in pretrained_names():
        fields[OURS] = load_pretrained(plan.run)((fixed, moving))["flow_field"].numpy()
    before = float(tf.reduce_mean(endpoint_error(true, tf.zeros_like(true))))
    for name, field in fields.items():
        error = float(tf.reduce_mean(endpoint_error(true, field)))
        notes[name] = f"endpoint error {error:.2f} px of {before:.2f}" + (", shipped weights" if name == OURS else "")
    return notes
