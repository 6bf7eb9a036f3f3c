"""Pairs one image of which has a region without counterpart in the other, or both of which have the same region."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

import tensorflow as tf

from dirv_tf import geometry, synthesis
from dirv_tf.synthesis import random_keys


def with_lesions(
    fixed: tf.Tensor,
    moving: tf.Tensor,
    flow_field: tf.Tensor | None,
    seed: int,
    indices: tf.Tensor,
    epoch: int | tf.Tensor,
    lesions: synthesis.LesionRange,
) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
    """Paste a lesion into one image of some pairs, or into both.

    Parameters
    ----------
    fixed, moving : tf.Tensor, shape (B, n_1, ..., n_r, 1), float32
        Intensities in [0, 1].
    flow_field : tf.Tensor, shape (B, n_1, ..., n_r, r), or None
        The true one, pixels; needed for lesions of moving images and of both, to know where they are seen.
    seed, indices, epoch, lesions
        Numbers of the pairs, see `synthesis.paste_lesions`.

    Returns
    -------
    fixed, moving : tf.Tensor, as given
    mask : tf.Tensor, shape (B, n_1, ..., n_r, 1), float32
        Where the fixed image shows the lesion, or has no counterpart because of it, from 0 to 1.
    """
    if lesions.image == "fixed":
        fixed, mask = synthesis.paste_lesions(fixed, seed, indices, epoch, lesions)
        return fixed, moving, mask
    if lesions.image == "both":
        moving, masks = synthesis.paste_lesions(moving, seed, indices, epoch, lesions)
        mask = geometry.warp_image(masks, flow_field)
        # Where nothing was pasted, the fixed image stays as it is to the last bit.
        return tf.where(mask > 0, fixed + mask * (geometry.warp_image(moving, flow_field) - fixed), fixed), moving, mask
    keys = random_keys.fold(random_keys.stream_key(seed, random_keys.LESIONS, epoch), indices)
    # Of a number of their own: what a lesion is does not depend on the image that gets it.
    chance = random_keys.uniform(random_keys.fold(keys, 1), 1)
    is_fixed = tf.reshape(chance < 0.5, [-1] + [1] * (fixed.shape.rank - 1)) & (lesions.image == "either")
    pasted, masks = synthesis.paste_lesions(tf.where(is_fixed, fixed, moving), seed, indices, epoch, lesions)
    seen = tf.where(is_fixed, masks, geometry.warp_image(masks, flow_field))
    return tf.where(is_fixed, pasted, fixed), tf.where(is_fixed, moving, pasted), seen


def lesion_range(limits: Mapping[str, Any] | None, known_fields: bool = True) -> synthesis.LesionRange | None:
    """Return the limits of lesions that a dataset was given, checked.

    Parameters
    ----------
    limits : mapping or None
        Arguments of `synthesis.LesionRange`; None: no lesions.
    known_fields : bool
        Whether the true fields of the pairs are known.

    Returns
    -------
    LesionRange or None

    Raises
    ------
    ValueError
        For an unknown argument, a value out of its range, or lesions of moving images or of both where no field says
        where they are seen.
    """
    if limits is None:
        return None
    legal = [field.name for field in fields(synthesis.LesionRange)]
    if not isinstance(limits, Mapping) or not set(limits) <= set(legal):
        raise ValueError(f"`lesions` must be a mapping of any of {', '.join(legal)}. Received: lesions={limits!r}")
    lesions = synthesis.LesionRange(**limits)
    if lesions.image != "fixed" and not known_fields:
        raise ValueError(
            "`image` of `lesions` must be 'fixed' for pairs whose true fields are unknown: nobody knows where the "
            f"lesion of a moving image is seen. Received: image={lesions.image!r}"
        )
    return lesions
