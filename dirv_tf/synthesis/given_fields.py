"""Fields that are wrong in known ways: what a network of uncertainty learns from, beside those that others find."""

from __future__ import annotations

import math

import tensorflow as tf

from dirv_tf.geometry import apply_rows, gaussian_rows
from dirv_tf.synthesis import random_keys
from dirv_tf.validation import one_of

GIVEN_FIELD_KINDS = ("zero", "smoothed", "perturbed", "roughened")
# Pixels, the ends of intervals in whose logarithm is drawn: widths of the Gaussian that smooths a field or the noise,
# standard deviations of the noise.
_SMOOTHED_BY = {"smoothed": (2.0, 24.0), "roughened": (0.5, 4.0)}
_WIDTHS = {"perturbed": (2.0, 16.0), "roughened": (1.0, 4.0)}
_AMPLITUDES = {"perturbed": (0.02, 1.5), "roughened": (0.01, 0.5)}
# By how much the noise is stronger here than there: standard deviation of the logarithm of its amplitude.
_UNEVENNESS = 0.7
# The keys of the noise are folded with smaller numbers.
_DETAIL = 3


def given_fields(true: tf.Tensor, kind: str, key: tf.Tensor) -> tf.Tensor:
    """Return fields that differ from the true ones.

    "zero" is no displacement at all. "smoothed" is an average of the true field with a Gaussian of 2 to 24 pixels, as
    of a method that finds no detail. "perturbed" is the true field with smooth noise on it, of 0.02 to 1.5 pixels,
    stronger in some places than in others. "roughened" has lost some detail, to a Gaussian of 0.5 to 4 pixels, and has
    fine noise on it, of 0.01 to 0.5 pixels, as of a method that follows single pixels. Widths are drawn once per batch,
    amplitudes for every field, both evenly in their logarithm.

    Parameters
    ----------
    true : tf.Tensor, shape (B, n_1, ..., n_r, r)
        Pixels.
    kind : {"zero", "smoothed", "perturbed", "roughened"}
    key : tf.Tensor, shape (2,), uint32
        See `random_keys`; the same numbers for the same key.

    Returns
    -------
    tf.Tensor, shape (B, n_1, ..., n_r, r), float32

    Raises
    ------
    ValueError
        For another kind.

    Examples
    --------
    >>> import tensorflow as tf
    >>> from dirv_tf.synthesis import given_fields, random_keys
    >>> key = random_keys.stream_key(42, random_keys.GIVEN_FIELDS)
    >>> error = given_fields(tf.ones([1, 16, 16, 2]), "smoothed", key) - 1.0
    >>> float(tf.reduce_max(tf.abs(error))) < 1e-5
    True
    """
    one_of(*GIVEN_FIELD_KINDS)("kind", kind)
    true = tf.convert_to_tensor(true, tf.float32)
    if kind == "zero":
        return tf.zeros_like(true)
    rank, count = true.shape.rank - 2, tf.shape(true)[0]
    sides = tf.unstack(tf.shape(true)[1:-1], num=rank)
    draws = random_keys.uniform(key[None], 2)[0]
    if kind in _SMOOTHED_BY:
        detail = draws[0] if kind == "smoothed" else random_keys.uniform(random_keys.fold(key, _DETAIL)[None], 1)[0, 0]
        width = _log_between(detail, *_SMOOTHED_BY[kind])
        true = apply_rows(true, [gaussian_rows(side, width, norm=1) for side in sides])
    if kind == "smoothed":
        return true
    keys = [random_keys.stateless_seed(random_keys.fold(key, number)) for number in range(3)]
    noise = tf.random.stateless_normal(tf.shape(true), keys[0])
    width = _log_between(draws[0], *_WIDTHS[kind])
    noise = apply_rows(noise, [gaussian_rows(side, width) for side in sides])
    strength = tf.random.stateless_normal(tf.concat([tf.shape(true)[:-1], [1]], axis=0), keys[1])
    width = _log_between(draws[1], *_WIDTHS["perturbed"])
    strength = apply_rows(strength, [gaussian_rows(side, width) for side in sides])
    amplitudes = _log_between(tf.random.stateless_uniform([count], keys[2]), *_AMPLITUDES[kind])
    return true + tf.reshape(amplitudes, [-1] + [1] * (rank + 1)) * tf.exp(_UNEVENNESS * strength) * noise


def _log_between(uniforms, low, high):
    """Scale numbers of [0, 1) to the interval, evenly in the logarithm."""
    return low * tf.exp(uniforms * math.log(high / low))
