"""Pairs of gradient chessboards."""

from __future__ import annotations

from dirv_tf import synthesis
from dirv_tf.datasets import argument_checks as checks
from dirv_tf.datasets.synthetic_pairs import SyntheticPairs


class ChessboardPairs(SyntheticPairs):
    """Pairs of a gradient chessboard and its warped copy, 2D or 3D (thesis Sections 5.5 and 6.2).

    Parameters
    ----------
    size : sequence of int
        Image sides in pixels, 2 or 3 of them.
    cell_range : sequence of int
        Cell sides in pixels are the integers ``cell_range[0]`` to ``cell_range[1] - 1``, one per image; no cell may
        be larger than the image.
    count, batch_size, transform, max_displacement, seed, desensitise, swap, frozen_last_batch
        See `SyntheticPairs`.

    Raises
    ------
    ValueError
        If an argument is out of its range.

    Examples
    --------
    >>> pairs = ChessboardPairs(size=(64, 64), count=200, batch_size=50)
    >>> pairs.steps_per_epoch
    4
    >>> (fixed, moving), flow_field = pairs.frozen_batch()
    >>> flow_field.shape
    TensorShape([50, 64, 64, 2])
    """

    def __init__(
        self,
        size=(64, 64),
        count=10000,
        batch_size=100,
        cell_range=(6, 10),
        transform="both",
        max_displacement=6.0,
        seed=42,
        desensitise=True,
        swap=True,
        frozen_last_batch=True,
    ):
        super().__init__(
            size, count, batch_size, transform, max_displacement, seed, desensitise, swap, frozen_last_batch
        )
        self.cell_range = checks.check_range("cell_range", cell_range, 1)
        if self.cell_range[1] - 1 > min(self.size):
            raise ValueError(
                f"`cell_range` must not allow cells larger than the image of size {self.size}. "
                f"Received: cell_range={cell_range!r}"
            )

    def _images(self, indices, epoch):
        return synthesis.chessboard_images(self.size, self.seed, indices, self.cell_range)
