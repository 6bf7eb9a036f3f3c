import numpy as np
import pytest

from dirv_tf import metrics


def scaling(rank, factors):
    """Fields that stretch the first axis evenly, one per factor."""
    grid = np.stack(np.meshgrid(*[np.arange(8.0)] * rank, indexing="ij"), -1)
    field = np.zeros((len(factors), *grid.shape), "float32")
    for row, factor in zip(field, factors):
        row[..., 0] = (factor - 1) * grid[..., 0]
    return field


@pytest.mark.parametrize("rank", [2, 3])
def test_even_stretching_has_no_spread(rank):
    np.testing.assert_allclose(metrics.sd_log_jacobian(scaling(rank, [1.0, 1.5])), 0, atol=1e-5)


@pytest.mark.parametrize("rank", [2, 3])
def test_two_halves_of_different_stretch(rank):
    # Halves along the last axis, across which the stretched component does not count in the determinant.
    field = scaling(rank, [1.0])
    field[..., 4:, 0] = scaling(rank, [2.0])[..., 4:, 0]
    assert metrics.sd_log_jacobian(field).numpy()[0] == pytest.approx(np.log(2) / 2, rel=1e-5)


def test_folds_count_as_the_smallest_determinant():
    field = scaling(2, [1.0])
    field[..., 4:, 0] = scaling(2, [-1.0])[..., 4:, 0]
    assert metrics.sd_log_jacobian(field).numpy()[0] == pytest.approx(-np.log(1e-9) / 2, rel=1e-5)
