"""Bounds of what networks are made of. They lie beyond any network: more is a slip, or meant to take all memory."""

from __future__ import annotations

from dirv_tf.validation import Check, integer, odd_integer, one_of


def channel_count() -> Check:
    """Accept a number of channels, filters or experts of a layer."""
    return integer(1, 4096)


def repetitions(low: int = 1) -> Check:
    """Accept how often a part of a network is there, or is repeated."""
    return integer(low, 1000)


def pyramid_levels() -> Check:
    """Accept a number of levels, each of half the size of the next one."""
    return integer(1, 16)


def kernel_side() -> Check:
    """Accept the side of a kernel that has a center."""
    return odd_integer(63)


def kernel_initializer() -> Check:
    """Accept what kernels start with, by Keras's name.

    Glorot's suits linear layers: behind every rectifier the features are smaller than before. He's keeps their size.
    """
    return one_of("glorot_uniform", "he_uniform")
