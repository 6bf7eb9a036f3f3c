"""Random numbers with a separate key for every image of a batch.

The generators of ``tf.random.stateless_*`` take one seed per call: for every image to own its numbers, a batch would
need a loop over its images. Here a whole batch of keys is used at once, by Threefry-2x32 with 20 rounds (Salmon et
al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011) written in tensor operations. Its integer arithmetic gives
the same bits in every TensorFlow release and on every device. One key alone can also seed the generators of
TensorFlow (`stateless_seed`), which are faster for large blocks of numbers that belong together.

A key is a uint32 tensor ``(..., 2)``. Keys are derived from others by `fold`: seed, stream, epoch, image or batch.
"""

from __future__ import annotations

import functools
import math

import tensorflow as tf

from dirv_tf.validation import random_seed

# What a number is for. These values are part of the random numbers: do not renumber them.
IMAGES = 0
AFFINE = 1
NONRIGID = 2
NOISE = 3
SHAPES = 4
APPEARANCE = 5
GIVEN_FIELDS = 6
AUGMENTATION = 7
SAMPLED_FIELDS = 8
LESIONS = 9

# Constants of Threefry-2x32.
_PARITY = 0x1BD11BDA
_ROTATIONS = ((13, 15, 26, 6), (17, 29, 16, 24))

# The second word of the counter keeps derived keys and drawn numbers apart.
_DRAW = 0
_FOLD = 1


def _word(value):
    return tf.constant(value, tf.uint32)


def _rotate_left(x, bits, word):
    return tf.bitwise.bitwise_or(tf.bitwise.left_shift(x, word(bits)), tf.bitwise.right_shift(x, word(32 - bits)))


def threefry(
    key_0: tf.Tensor, key_1: tf.Tensor, counter_0: tf.Tensor, counter_1: tf.Tensor
) -> tuple[tf.Tensor, tf.Tensor]:
    """Encrypt counters with the block function of Threefry-2x32, 20 rounds.

    Parameters
    ----------
    key_0, key_1, counter_0, counter_1 : tf.Tensor, uint32
        The words of keys and counters, of shapes that broadcast.

    Returns
    -------
    tuple of tf.Tensor, uint32
        Two words of random bits, of the broadcast shape.
    """
    words = (key_0, key_1, counter_0, counter_1)
    shape = functools.reduce(tf.broadcast_static_shape, (word.shape for word in words))
    x_0, x_1 = _encrypt(*words)
    x_0.set_shape(shape)
    x_1.set_shape(shape)
    return x_0, x_1


# Traced once for words of any shape: the rounds are a hundred operations, and a pipeline calls them many times. Every
# constant is one node, however often it is used, because TensorFlow optimizes all copies before the first batch.
@functools.partial(tf.function, input_signature=[tf.TensorSpec(None, tf.uint32)] * 4, autograph=False)
def _encrypt(key_0, key_1, counter_0, counter_1):
    xor, word = tf.bitwise.bitwise_xor, functools.cache(_word)
    schedule = (key_0, key_1, xor(xor(key_0, key_1), word(_PARITY)))
    x_0, x_1 = counter_0 + key_0, counter_1 + key_1
    for group in range(5):
        for bits in _ROTATIONS[group % 2]:
            x_0 = x_0 + x_1
            x_1 = xor(_rotate_left(x_1, bits, word), x_0)
        x_0 = x_0 + schedule[(group + 1) % 3]
        x_1 = x_1 + schedule[(group + 2) % 3] + word(group + 1)
    return x_0, x_1


def fold(key: tf.Tensor, data: int | tf.Tensor) -> tf.Tensor:
    """Derive new keys from keys and integers.

    Parameters
    ----------
    key : tf.Tensor, shape (..., 2), uint32
    data : int or tf.Tensor, integer
        Broadcasts with ``key[..., 0]``.

    Returns
    -------
    tf.Tensor, shape (..., 2), uint32
        One key for every integer.
    """
    data = tf.cast(tf.convert_to_tensor(data), tf.uint32)
    words = threefry(key[..., 0], key[..., 1], data, _word(_FOLD))
    return tf.stack(words, axis=-1)


def stream_key(seed: int, stream: int, epoch: int | tf.Tensor = 0) -> tf.Tensor:
    """Return the key of one stream of numbers in one epoch.

    Parameters
    ----------
    seed : int
        From 0 to 2^64 - 1.
    stream : int
        One of `IMAGES`, `AFFINE`, `NONRIGID`, `NOISE`, `SHAPES`, `APPEARANCE`, `GIVEN_FIELDS`, `AUGMENTATION`,
        `SAMPLED_FIELDS` and `LESIONS`.
    epoch : int or tf.Tensor, shape (), integer

    Returns
    -------
    tf.Tensor, shape (2,), uint32

    Raises
    ------
    ValueError
        If the seed is out of its range.
    """
    return fold(tf.constant(_key_of_stream(random_seed()("seed", seed), stream), tf.uint32), epoch)


@functools.lru_cache
def _key_of_stream(seed, stream):
    # The same for every epoch: drawn at once, whatever graph it is for.
    with tf.init_scope():
        return fold(tf.constant([seed & 0xFFFFFFFF, seed >> 32], tf.uint32), stream).numpy()


def stateless_seed(key: tf.Tensor) -> tf.Tensor:
    """Return a key (2,) as the seed of a ``tf.random.stateless_*`` function, int32 (2,)."""
    return tf.bitcast(key, tf.int32)


def uniform(keys: tf.Tensor, count: int) -> tf.Tensor:
    """Draw numbers from the uniform distribution on [0, 1).

    Parameters
    ----------
    keys : tf.Tensor, shape (B, 2), uint32
    count : int
        Numbers per key.

    Returns
    -------
    tf.Tensor, shape (B, count), float32
        Multiples of 2^-24.
    """
    lanes = tf.cast(tf.range(math.ceil(count / 2)), tf.uint32)
    words = threefry(keys[:, :1], keys[:, 1:], lanes[None], _word(_DRAW))
    bits = tf.concat(words, axis=1)[:, :count]
    return tf.cast(tf.bitwise.right_shift(bits, _word(8)), tf.float32) * 2.0**-24


def between(uniforms: tf.Tensor, low: float | tf.Tensor, high: float | tf.Tensor) -> tf.Tensor:
    """Scale numbers of [0, 1) to the interval from `low` to `high`."""
    return low + (high - low) * uniforms


def integers(uniforms: tf.Tensor, low: int, high: int) -> tf.Tensor:
    """Turn numbers of [0, 1) into the integers `low` to `high` - 1, as int32."""
    # Scaling before shifting: the product is rounded below `high - low`, so `high` never comes out.
    return low + tf.cast((high - low) * uniforms, tf.int32)


def truncated_normal(keys: tf.Tensor, count: int) -> tf.Tensor:
    """Draw standard normal numbers that lie within two standard deviations.

    Parameters
    ----------
    keys : tf.Tensor, shape (B, 2), uint32
    count : int
        Numbers per key.

    Returns
    -------
    tf.Tensor, shape (B, count), float32
    """
    tail = 0.5 * math.erfc(2.0 / math.sqrt(2.0))
    quantiles = between(uniform(keys, count), tail, 1.0 - tail)
    return tf.clip_by_value(tf.math.ndtri(quantiles), -2.0, 2.0)
