import numpy as np
import pytest

from dirv_tf import geometry, metrics


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


def test_folding_is_counted():
    grid = np.stack(np.meshgrid(np.arange(8.0), np.arange(8.0), indexing="ij"), -1)[None].astype("float32")
    mirrored = grid * np.array([-2.0, 0.0], "float32")
    mirrored[:, :, 4:] = 0
    share = metrics.folded_percent(mirrored).numpy()
    # The columns where the field ends mix both halves; what is well inside each is clear.
    assert 100 * 3 / 8 <= share[0] <= 100 * 5 / 8
    assert metrics.folded_percent(0 * grid).numpy()[0] == 0


def test_endpoint_error_is_the_mean_distance():
    truth = np.zeros((1, 2, 2, 2), "float32")
    predicted = truth + np.array([3.0, 4.0], "float32")
    assert metrics.endpoint_error(truth, predicted).numpy()[0] == pytest.approx(5)


def test_field_metrics_agree_with_the_single_ones(rng):
    field = rng.normal(scale=0.6, size=(2, 7, 9, 8, 3)).astype("float32")
    mask = rng.random(field.shape[:-1]) > 0.4
    pixel_size = (2.0, 0.5, 1.0)
    for inside in (None, mask):
        measured = {name: value.numpy() for name, value in metrics.field_metrics(field, pixel_size, inside).items()}
        np.testing.assert_array_equal(measured["folded_percent"], metrics.folded_percent(field, inside))
        np.testing.assert_array_equal(measured["sd_log_jacobian"], metrics.sd_log_jacobian(field, inside))
        assert measured["folded_percent"].min() > 0
        for unit, scale in (("px", 1.0), ("mm", pixel_size)):
            lengths = np.linalg.norm(field * scale, axis=-1)
            for number in range(2):
                values = lengths[number] if inside is None else lengths[number][mask[number]]
                assert measured[f"displacement_mean_{unit}"][number] == pytest.approx(values.mean(), rel=1e-5)
                assert measured[f"displacement_max_{unit}"][number] == pytest.approx(values.max(), rel=1e-5)
    assert not any(name.endswith("_mm") for name in metrics.field_metrics(field))


def test_a_mask_chooses_the_pixels(rng):
    field = rng.normal(scale=0.6, size=(2, 9, 12, 2)).astype("float32")
    mask = rng.random(field.shape[:-1]) > 0.4
    determinant = geometry.jacobian_determinant(field).numpy()
    logarithm = np.log(np.maximum(determinant, 1e-9))
    for number in range(2):
        inside = mask[number]
        folded = 100 * np.mean(determinant[number][inside] <= 0)
        assert metrics.folded_percent(field, mask).numpy()[number] == pytest.approx(folded, rel=1e-5)
        spread = logarithm[number][inside].std()
        assert metrics.sd_log_jacobian(field, mask).numpy()[number] == pytest.approx(spread, rel=1e-5)
        distance = np.linalg.norm(field[number], axis=-1)[inside].mean()
        assert metrics.endpoint_error(0 * field, field, mask).numpy()[number] == pytest.approx(distance, rel=1e-5)
    with pytest.raises(ValueError, match=r"Received: mask.shape=\(2, 9, 11\)"):
        metrics.endpoint_error(field, field, mask[..., :-1])


def test_errors():
    with pytest.raises(ValueError, match=r"same shape.*true.shape=\(1, 8, 8, 2\), predicted.shape=\(1, 8, 9, 2\)"):
        metrics.endpoint_error(np.zeros((1, 8, 8, 2)), np.zeros((1, 8, 9, 2)))
    with pytest.raises(ValueError, match=r"one component per axis.*flow_field.shape=\(8, 8, 2\)"):
        metrics.folded_percent(np.zeros((8, 8, 2)))
    with pytest.raises(ValueError, match=r"one component per axis.*flow_field.shape=\(1, 8, 8, 3\)"):
        metrics.displacement_lengths(np.zeros((1, 8, 8, 3)))
