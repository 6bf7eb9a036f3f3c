"""The fields that a network of uncertainty judges in training: drawn ones, and those of other networks."""

from __future__ import annotations

import functools
import warnings
import zlib

import numpy as np
import tensorflow as tf

from dirv_tf import geometry
from dirv_tf.datasets import JudgedPairs, PairBatches
from dirv_tf.models.pretrained import load_pretrained, pretrained_names
from dirv_tf.registration import register
from dirv_tf.registration.networks.inference import flow_field
from dirv_tf.synthesis import GIVEN_FIELD_KINDS
from dirv_tf.synthesis.random_keys import stateless_seed
from dirv_tf.training.execution.demons_fields import demons_fields
from dirv_tf.validation import ConfigError

# The fields that `dirv_tf.register` finds with its defaults, and those of a classical method.
REGISTERED, DEMONS = "register", "demons"
# What follows the name of a network whose fields are drawn between its own and those that it finds at half the size.
HALFWAY = ":halfway"


def judged_pairs(
    pairs: PairBatches, names: tuple[str, ...], rank: int, distinct_epochs: int | None = None
) -> JudgedPairs:
    """Return the pairs, each with a field to judge.

    Parameters
    ----------
    pairs : PairBatches
    names : tuple of str
        Of `training.given_fields`: "zero", "smoothed", "perturbed", "roughened", "register", "demons", or a shipped
        network that registers, whose name may end in ":halfway".
    rank : int
    distinct_epochs : int, optional
        As of `JudgedPairs`. Fields that are not drawn are then kept in memory.

    Raises
    ------
    ConfigError
        For another name.
    """
    keep = distinct_epochs is not None
    sources = {
        name: None if name in GIVEN_FIELD_KINDS else _source(name, pairs.size, rank, keep) for name in names
    }
    return JudgedPairs(pairs, sources, distinct_epochs)


def _source(name, size, rank, keep):
    methods = {REGISTERED: _registered, DEMONS: demons_fields}
    if name in methods:
        return _kept(methods[name], size, rank, keep)
    network_name = name[: -len(HALFWAY)] if name.endswith(HALFWAY) else name
    known = pretrained_names(rank)
    if network_name not in known:
        raise ConfigError(
            f"'training.given_fields' must hold names among {', '.join((*GIVEN_FIELD_KINDS, *methods))}, or of "
            f"shipped networks for {rank}D images ({', '.join(known)}), also with {HALFWAY}. Received: {name!r}"
        )
    network = load_pretrained(network_name)
    find = _halfway if name.endswith(HALFWAY) else _found
    return _kept(functools.partial(find, network), size, rank, keep)


def _kept(find, size, rank, keep):
    """Return the source of the fields that a function of images and a seed finds, in memory where they come again."""
    kept: dict[tuple, tf.Tensor] = {}

    def found(fixed, moving, seed):
        if not keep:
            return find(fixed, moving, seed)
        # Of one epoch and batch, and of the same pairs of it.
        name = (*seed.numpy().tolist(), zlib.crc32(fixed.numpy().tobytes()))
        if name not in kept:
            kept[name] = find(fixed, moving, seed)
        return kept[name]

    def source(fixed, moving, key):
        # Run eagerly: the network's graphs are those of `register`, traced once for all datasets and sizes.
        fields = tf.py_function(found, [fixed, moving, stateless_seed(key)], tf.float32)
        return tf.ensure_shape(fields, [None, *size, rank])

    return source


def _registered(fixed, moving, seed):
    with warnings.catch_warnings():
        # Of a low contrast, which nobody is to be told of here.
        warnings.simplefilter("ignore", UserWarning)
        pairs = zip(fixed.numpy()[..., 0], moving.numpy()[..., 0])
        return np.stack([register(*pair, normalize="type").flow_field for pair in pairs])


def _found(network, fixed, moving, seed):
    return flow_field(network, fixed, moving)


def _halfway(network, fixed, moving, seed):
    """Return fields between that of the images and that of images of half the size, each in its own place."""
    halved = [geometry.downsample_image(image) for image in (fixed, moving)]
    coarse = geometry.upsample_displacement_field(flow_field(network, *halved), "linear")
    shares = tf.random.stateless_uniform([fixed.shape[0]], seed)
    shares = tf.reshape(shares, [-1] + [1] * (fixed.shape.rank - 1))
    return shares * flow_field(network, fixed, moving) + (1 - shares) * coarse
