"""Images of any size through a network that takes multiples only."""

from __future__ import annotations

import tensorflow as tf

from dirv_tf import geometry


def flow_field_of_any_size(network, fixed, moving):
    """Register images whose sides need not be multiples of `network.size_multiples`.

    They are padded by edge replication at the far ends, and the field is cropped back. Cropping is exact: the padding
    repeats the border, which is what a clamped sample of the unpadded image gives.

    Parameters
    ----------
    network : RegistrationNetwork
    fixed, moving : tf.Tensor, shape (B, n_1, ..., n_r, 1)
        Intensities in [0, 1].

    Returns
    -------
    tf.Tensor, shape (B, n_1, ..., n_r, r)
        Backward flow field, pixels, array-axis order.
    """
    size = fixed.shape[1:-1]
    if not size.is_fully_defined():
        size = tf.unstack(tf.shape(fixed)[1:-1])
    padded = tuple(geometry.pad_to_multiple(image, network.size_multiples) for image in (fixed, moving))
    return geometry.crop_to_size(network(padded)["flow_field"], size)
