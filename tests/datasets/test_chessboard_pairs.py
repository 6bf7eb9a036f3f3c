import numpy as np
import pytest

from dirv_tf.datasets import ChessboardPairs
from dirv_tf.synthesis import chessboard_images


def test_moving_images_are_the_chessboards():
    pairs = ChessboardPairs(size=(24, 24), count=5, batch_size=5, cell_range=(3, 5), seed=7)
    (_, moving), _ = pairs.frozen_batch()
    np.testing.assert_array_equal(moving, chessboard_images((24, 24), 7, np.arange(5), (3, 5)))


@pytest.mark.parametrize("cell_range", [(6, 6), (10, 6), (0, 4), (6,), (6.0, 10.0), 6, (6, 26)])
def test_wrong_cell_ranges_are_errors(cell_range):
    with pytest.raises(ValueError, match="`cell_range` must .*Received: cell_range="):
        ChessboardPairs(size=(24, 24), cell_range=cell_range)


def _initial_statistics(size, transform, batches, batch_size):
    """L_int (x 255), L_dis and mean displacement of the zero field, thesis Section 6.2."""
    pairs = ChessboardPairs(size=size, count=batches * batch_size, batch_size=batch_size, transform=transform)
    rows = []
    for (fixed, moving), field in pairs.training(1):
        control_points = field.numpy()[(slice(None), *[slice(None, None, 4)] * len(size))]
        rows.append(
            (
                255 * np.abs(fixed.numpy() - moving.numpy()).mean(),
                np.sqrt((control_points**2).mean(-1)).mean(),
                np.sqrt((control_points**2).sum(-1)).mean(),
            )
        )
    return np.mean(rows, axis=0)


@pytest.mark.parametrize(
    ("size", "transform", "batches", "batch_size", "expected"),
    [
        # Initial L_int, L_dis and mean displacement behind the thesis's tables, L / (1 - improvement). Many small
        # batches instead of few large ones, because the strength of the non-rigid part is drawn once per batch.
        ((64, 64), "affine", 10, 100, (13.0, 1.18)),
        ((64, 64), "both", 100, 25, (15.5, 1.40, 1.97)),
        ((128, 128), "both", 60, 8, (18.0, 1.65)),
        ((64, 64, 64), "both", 40, 1, (17.0, 1.55)),
    ],
)
def test_initial_statistics_are_those_of_the_thesis(size, transform, batches, batch_size, expected):
    received = _initial_statistics(size, transform, batches, batch_size)
    np.testing.assert_allclose(received[: len(expected)], expected, rtol=0.05)
