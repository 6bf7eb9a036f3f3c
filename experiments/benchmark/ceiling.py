"""What the machine itself can do: a large matrix product, and a walk through large arrays."""

from __future__ import annotations

import tensorflow as tf

_MATRIX_SIDE = 2048
_NUMBERS = 2**25


def matrix_product(side=_MATRIX_SIDE):
    """Return a function that multiplies two float32 matrices, and the number of its operations, ``2 side^3``."""
    left, right = (tf.random.stateless_normal([side, side], [seed, 0]) for seed in (1, 2))
    multiply = tf.function(tf.matmul)
    return lambda: multiply(left, right), 2 * side**3


def array_sum(numbers=_NUMBERS):
    """Return a function that adds one float32 array to another in place, and the bytes that it reads and writes.

    In place, because memory fetched from the system for every result would be measured instead.
    """
    total, added = tf.Variable(tf.zeros([numbers])), tf.ones([numbers])

    @tf.function
    def add(added):
        total.assign_add(added)
        return total[:1]

    return lambda: add(added), 3 * 4 * numbers
