"""Pairs one image of which looks as another stain or scanner would show it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

import tensorflow as tf

from dirv_tf import synthesis
from dirv_tf.synthesis import random_keys


def one_in_other_intensities(
    fixed: tf.Tensor,
    moving: tf.Tensor,
    seed: int,
    indices: tf.Tensor,
    epoch: int | tf.Tensor,
    appearance: synthesis.AppearanceRange | None = None,
) -> tuple[tf.Tensor, tf.Tensor]:
    """Give one image of each pair, the fixed or the moving one by chance, other intensities.

    Parameters
    ----------
    fixed, moving : tf.Tensor, shape (B, n_1, ..., n_r, 1), float32
        Intensities in [0, 1].
    seed, indices, epoch, appearance
        Numbers of the pairs, see `synthesis.change_appearance`.

    Returns
    -------
    fixed, moving : tf.Tensor, as given
    """
    keys = random_keys.fold(random_keys.stream_key(seed, random_keys.APPEARANCE, epoch), indices)
    # Of a number of their own: what an image becomes does not depend on which one of its pair it is.
    chance = random_keys.uniform(random_keys.fold(keys, 1), 1)
    is_fixed = tf.reshape(chance < 0.5, [-1] + [1] * (fixed.shape.rank - 1))
    chosen = tf.where(is_fixed, fixed, moving)
    changed = synthesis.change_appearance(chosen, seed, indices, epoch, appearance=appearance)
    return tf.where(is_fixed, changed, fixed), tf.where(is_fixed, moving, changed)


def appearance_range(limits: Mapping[str, Any] | None, is_changed: bool) -> synthesis.AppearanceRange | None:
    """Return the limits that a dataset was given, checked.

    Parameters
    ----------
    limits : mapping or None
        Arguments of `synthesis.AppearanceRange`.
    is_changed : bool
        Whether the dataset changes appearances at all.

    Returns
    -------
    AppearanceRange or None

    Raises
    ------
    ValueError
        For an unknown argument, a number out of its range, or limits of changes that are not made.
    """
    if limits is None:
        return None
    legal = [field.name for field in fields(synthesis.AppearanceRange)]
    if not isinstance(limits, Mapping) or not set(limits) <= set(legal):
        raise ValueError(
            f"`appearance` must be a mapping of any of {', '.join(legal)}. Received: appearance={limits!r}"
        )
    if not is_changed:
        raise ValueError(
            f"`appearance` needs `change_appearance=True`. Received: change_appearance=False, appearance={limits!r}"
        )
    return synthesis.AppearanceRange(**limits)
