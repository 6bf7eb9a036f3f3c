"""Keras's convolutions and poolings for either number of axes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import tensorflow as tf

_LAYERS = tf.keras.layers
_CONVOLUTIONS = {2: _LAYERS.Conv2D, 3: _LAYERS.Conv3D}
_TRANSPOSED = {2: _LAYERS.Conv2DTranspose, 3: _LAYERS.Conv3DTranspose}
_AVERAGES = {2: _LAYERS.AveragePooling2D, 3: _LAYERS.AveragePooling3D}
_MAXIMA = {2: _LAYERS.MaxPooling2D, 3: _LAYERS.MaxPooling3D}
_REPETITIONS = {2: _LAYERS.UpSampling2D, 3: _LAYERS.UpSampling3D}


def convolution(rank: int, filters: int, kernel_size: int = 3, **options: Any) -> tf.keras.layers.Layer:
    """Return a convolution layer whose output has the size of its input, divided by its stride.

    Parameters
    ----------
    rank : {2, 3}
    filters, kernel_size : int
    **options
        Further arguments of `tf.keras.layers.Conv2D` and `Conv3D`, or another `padding` than "same".
    """
    return _CONVOLUTIONS[rank](filters, kernel_size, **{"padding": "same", **options})


def transposed_convolution(rank: int, filters: int, kernel_size: int = 2, **options: Any) -> tf.keras.layers.Layer:
    """Return a transposed convolution layer with bias whose output has the size of its input times its stride.

    Parameters
    ----------
    rank : {2, 3}
    filters, kernel_size : int
    **options
        Further arguments of `tf.keras.layers.Conv2DTranspose` and `Conv3DTranspose`.
    """
    return _TRANSPOSED[rank](filters, kernel_size, padding="same", **options)


def average_pooling(rank: int, **options: Any) -> tf.keras.layers.Layer:
    """Return a layer that averages cells of two pixels per axis; what is left over at an odd end is a cell, too."""
    return _AVERAGES[rank](2, padding="same", **options)


def max_pooling(rank: int, **options: Any) -> tf.keras.layers.Layer:
    """Return a layer that takes the maximum of cells of two pixels per axis."""
    return _MAXIMA[rank](2, **options)


def repetition(rank: int, **options: Any) -> tf.keras.layers.Layer:
    """Return a layer that repeats every pixel twice per axis."""
    return _REPETITIONS[rank](2, **options)


def build_chain(layers: Sequence[tf.keras.layers.Layer], rank: int, channels: int) -> int:
    """Build layers that follow each other on images of unknown size.

    Parameters
    ----------
    layers : sequence of tf.keras.layers.Layer
        Convolutions and poolings.
    rank : {2, 3}
    channels : int
        Of what the first one takes.

    Returns
    -------
    int
        Channels of what the last one gives.
    """
    for layer in layers:
        layer.build((None, *(None,) * rank, channels))
        channels = getattr(layer, "filters", channels)
    return channels


def convolution_parameters(rank: int, kernel_size: int, channels: int, filters: int) -> int:
    """Return the number of weights and biases of a convolution."""
    return (kernel_size**rank * channels + 1) * filters
