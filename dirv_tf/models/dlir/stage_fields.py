"""The fields that the stages of DLIR have found, at any resolution."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Union

import tensorflow as tf

from dirv_tf import geometry


class AffineField(NamedTuple):
    """The field of an affine stage.

    Attributes
    ----------
    matrix : tf.Tensor, shape (B, r, r)
    translation : tf.Tensor, shape (B, r)
        Pixels of the stage.
    resolution : int
        Pixels of the image per pixel of the stage, along an axis.
    """

    matrix: tf.Tensor
    translation: tf.Tensor
    resolution: int

    def at(self, resolution: int, size: Sequence[int | tf.Tensor]) -> tf.Tensor:
        """Return the field on an image of that resolution and size, in its pixels."""
        return geometry.affine_flow_field(self.matrix, self.translation * (self.resolution / resolution), size)


class SplineField(NamedTuple):
    """The field of a B-spline stage.

    Attributes
    ----------
    control_points : tf.Tensor, shape (B, g_1, ..., g_r, r)
        Pixels of the stage.
    spacing : int
        Pixels of the stage.
    border : str
        As of `geometry.cubic_spline_field`.
    resolution : int
        Pixels of the image per pixel of the stage, along an axis.
    """

    control_points: tf.Tensor
    spacing: int
    border: str
    resolution: int

    def at(self, resolution: int, size: Sequence[int | tf.Tensor]) -> tf.Tensor:
        """Return the field on an image of that resolution, in its pixels: the same splines, sampled more densely."""
        finer = self.resolution // resolution
        return finer * geometry.cubic_spline_field(self.control_points, self.spacing * finer, self.border)


StageField = Union[AffineField, SplineField]


def combined(before: tf.Tensor | None, after: tf.Tensor, how: str) -> tf.Tensor:
    """Return the field of a stage on top of the field before it.

    Parameters
    ----------
    before : tf.Tensor or None, shape (B, n_1, ..., n_r, r)
        None: there is no stage before.
    after : tf.Tensor, shape (B, n_1, ..., n_r, r)
    how : {"add", "compose"}
    """
    if before is None:
        return after
    return before + after if how == "add" else geometry.compose(first=before, second=after)


def total(fields: Sequence[StageField], resolution: int, size: Sequence[int | tf.Tensor], how: str) -> tf.Tensor | None:
    """Return the field of all stages together at a resolution; None where there is no stage."""
    result = None
    for field in fields:
        result = combined(result, field.at(resolution, size), how)
    return result
