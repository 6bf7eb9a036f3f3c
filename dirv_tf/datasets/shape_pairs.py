"""Pairs of images of random smooth shapes."""

from __future__ import annotations

from dirv_tf import synthesis
from dirv_tf.datasets import argument_checks as checks
from dirv_tf.datasets.synthetic_pairs import SyntheticPairs


class ShapePairs(SyntheticPairs):
    """Pairs of an image of random smooth shapes and its warped copy, 2D or 3D; see `synthesis.shape_images`.

    Nearer to scans than chessboards are, where there are no images to train on.

    Parameters
    ----------
    size : sequence of int
        Image sides in pixels, 2 or 3 of them.
    shape_size : sequence of int
        Shortest and longest distance of the control points of the shapes in pixels, the former at least 2.
    labels : int
        Number of shapes with an intensity of their own that compete for every pixel, at least 2.
    count, batch_size, transform, max_displacement, seed, desensitize, swap, frozen_last_batch
        See `SyntheticPairs`.

    Raises
    ------
    ValueError
        If an argument is out of its range.

    Examples
    --------
    >>> pairs = ShapePairs(size=(32, 32, 32), count=40, batch_size=4)
    >>> (fixed, moving), flow_field = pairs.frozen_batch()
    >>> moving.shape
    TensorShape([4, 32, 32, 32, 1])
    """

    def __init__(
        self,
        size=(64, 64),
        count=10000,
        batch_size=100,
        shape_size=(6, 16),
        labels=8,
        transform="both",
        max_displacement=6.0,
        seed=42,
        desensitize=True,
        swap=True,
        frozen_last_batch=True,
    ):
        size = checks.check_size("size", size, 4)
        super().__init__(
            size, count, batch_size, transform, max_displacement, seed, desensitize, swap, frozen_last_batch
        )
        self.shape_size = checks.check_range("shape_size", shape_size, 2)
        self.labels = checks.check_integer("labels", labels, 2)

    def _images(self, indices, epoch):
        return synthesis.shape_images(self.size, self.seed, indices, self.shape_size, self.labels)
