import numpy as np
import pytest
import tensorflow as tf

from dirv_tf import geometry, losses

SIZES = {2: (32, 32), 3: (16, 16, 16)}


def outputs(rank, levels, rng, batch=2, units=2):
    """What a network returns, filled with random numbers."""
    sizes = [tuple(n // 2 ** (levels - 1 - level) for n in SIZES[rank]) for level in range(levels)]
    images = [[rng.random((batch, *size, 1)).astype("float32") for size in sizes] for _ in range(3)]
    grids = [tuple(n // 4 for n in size) for size in sizes]
    return {
        "flow_field": tf.constant(rng.normal(size=(batch, *sizes[-1], rank)).astype("float32")),
        "displacement_fields": tuple(
            tf.constant(rng.normal(size=(batch, units, *grid, rank)).astype("float32")) for grid in grids
        ),
        "fixed_images": tuple(map(tf.constant, images[0])),
        "moving_images": tuple(map(tf.constant, images[1])),
        "registered_images": tuple(map(tf.constant, images[2])),
    }


@pytest.mark.parametrize("rank, levels", [(2, 1), (2, 3), (3, 2)])
def test_displacement_loss_agrees_with_equation_27(rank, levels, rng):
    predicted = outputs(rank, levels, rng)
    truth = rng.normal(size=predicted["flow_field"].shape).astype("float32")
    field = truth[(slice(None),) + (slice(None, None, 4),) * rank]
    expected = 0.0
    for level in reversed(range(levels)):
        error = np.sqrt(np.mean((predicted["displacement_fields"][level][:, -1] - field) ** 2, axis=-1))
        expected += 2.0 ** (levels - 1 - level) * error.mean() / levels
        field = geometry.downsample_displacement_field(field).numpy()
    assert float(losses.DisplacementLoss()(truth, predicted)) == pytest.approx(expected, rel=1e-5)


def test_unit_decay_weighs_every_unit(rng):
    predicted = outputs(2, 2, rng)
    truth = rng.normal(size=predicted["flow_field"].shape).astype("float32")
    units = predicted["displacement_fields"][0].shape[1]
    assert units > 1

    def of_unit(index):
        fields = tuple(fields[:, index : index + 1] for fields in predicted["displacement_fields"])
        return float(losses.DisplacementLoss()(truth, {**predicted, "displacement_fields": fields}))

    weights = 0.5 ** np.arange(units)[::-1]
    expected = sum(weight * of_unit(index) for index, weight in enumerate(weights)) / weights.sum()
    loss = losses.DisplacementLoss(unit_decay=0.5)
    assert float(loss(truth, predicted)) == pytest.approx(expected, rel=1e-5)
    assert losses.DisplacementLoss.from_config(loss.get_config()).unit_decay == 0.5
    combined = losses.CombinedLoss(1.0, 0.0, unit_decay=0.5)
    assert float(losses.CombinedLoss.from_config(combined.get_config())(truth, predicted)) == float(loss(truth, predicted))
    with pytest.raises(ValueError, match="Received: unit_decay=1.5"):
        losses.DisplacementLoss(unit_decay=1.5)


def test_the_spread_of_the_errors_may_count_too(rng):
    predicted = outputs(2, 2, rng)
    truth = rng.normal(size=predicted["flow_field"].shape).astype("float32")
    plain, loss = losses.DisplacementLoss(), losses.DisplacementLoss(spread_weight=0.5)
    expected = float(plain(truth, predicted))
    field = truth[:, ::4, ::4]
    for level in (1, 0):
        lengths = np.linalg.norm(predicted["displacement_fields"][level][:, -1] - field, axis=-1)
        expected += 0.5 * 2.0 ** (1 - level) / 2 * lengths.std(axis=(1, 2)).mean()
        field = geometry.downsample_displacement_field(field).numpy()
    assert float(loss(truth, predicted)) == pytest.approx(expected, rel=1e-5)
    assert losses.DisplacementLoss.from_config(loss.get_config()).spread_weight == 0.5
    combined = losses.CombinedLoss(1.0, 0.0, spread_weight=0.5)
    assert float(losses.CombinedLoss.from_config(combined.get_config())(truth, predicted)) == float(loss(truth, predicted))
    for weight in (-0.1, float("inf"), float("nan")):
        with pytest.raises(ValueError, match=f"`spread_weight` must be.*Received: spread_weight={weight}"):
            losses.DisplacementLoss(spread_weight=weight)


def test_even_errors_have_no_spread_and_a_gradient():
    fields = tf.Variable(tf.zeros([1, 1, 4, 4, 2]))
    with tf.GradientTape() as tape:
        loss = losses.DisplacementLoss(spread_weight=1.0)(tf.ones([1, 16, 16, 2]), {"displacement_fields": (fields,)})
    assert float(loss) == pytest.approx(1.0)
    np.testing.assert_allclose(tape.gradient(loss, fields), np.full((1, 1, 4, 4, 2), -1 / 32), rtol=1e-5)


def test_intensity_loss_agrees_with_equation_26(rng):
    predicted = outputs(2, 3, rng)
    expected = np.mean(
        [np.abs(f - r).mean() for f, r in zip(predicted["fixed_images"], predicted["registered_images"])]
    )
    assert float(losses.IntensityLoss()(None, predicted)) == pytest.approx(expected, rel=1e-5)


def test_combined_loss_is_the_weighted_sum(rng):
    predicted, truth = outputs(2, 1, rng), np.zeros((2, 32, 32, 2), "float32")
    combined = losses.CombinedLoss(displacement_weight=0.5, intensity_weight=3.0)
    expected = 0.5 * losses.DisplacementLoss()(truth, predicted) + 3 * losses.IntensityLoss()(truth, predicted)
    assert float(combined(truth, predicted)) == pytest.approx(float(expected))
    again = losses.CombinedLoss.from_config(combined.get_config())
    assert float(again(truth, predicted)) == float(combined(truth, predicted))


def test_the_gradient_at_zero_error_is_finite():
    truth = tf.zeros([1, 4, 4, 2])
    with tf.GradientTape() as tape:
        tape.watch(truth)
        error = losses.root_mean_square_error(truth, tf.zeros([1, 4, 4, 2]))
    assert np.all(np.isfinite(tape.gradient(error, truth)))


def test_errors(rng):
    predicted = outputs(2, 1, rng)
    with pytest.raises(ValueError, match="needs the true flow field"):
        losses.DisplacementLoss()(None, predicted)
    with pytest.raises(ValueError, match=r"\(2, 16, 32, 2\)"):
        losses.DisplacementLoss()(np.zeros((2, 16, 32, 2), "float32"), predicted)
    with pytest.raises(ValueError, match="IntensityLoss needs the outputs of a network as a dictionary.*Received: outputs of type"):
        losses.IntensityLoss()(None, predicted["flow_field"])
    with pytest.raises(ValueError, match="not both zero"):
        losses.CombinedLoss(0.0, 0.0)
    with pytest.raises(ValueError, match="CombinedLoss weighs all pairs alike. Received: sample_weight=1"):
        losses.CombinedLoss()(None, predicted, sample_weight=1)
    with pytest.raises(ValueError, match="control points must divide its pixels"):
        losses.true_displacement_fields(np.zeros((2, 30, 32, 2), "float32"), predicted["displacement_fields"])
    with pytest.raises(ValueError, match=r"flow_field.shape=\(2, 32, 2\)"):
        losses.true_displacement_fields(np.zeros((2, 32, 2), "float32"), predicted["displacement_fields"])
    with pytest.raises(ValueError, match=r"fixed images of 1 level\(s\), images of 2"):
        losses.intensity_errors(predicted["fixed_images"], 2 * predicted["fixed_images"])


@pytest.mark.parametrize(
    "make, needed",
    [
        (losses.DisplacementLoss, {"displacement_fields"}),
        (losses.IntensityLoss, {"fixed_images", "registered_images"}),
        (losses.CombinedLoss, {"displacement_fields", "fixed_images", "registered_images"}),
        (lambda: losses.CombinedLoss(0.0, 2.0), {"fixed_images", "registered_images"}),
        (lambda: losses.CombinedLoss(2.0, 0.0), {"displacement_fields"}),
    ],
)
def test_a_loss_takes_what_it_needs_and_names_what_is_missing(make, needed, rng):
    predicted = outputs(2, 2, rng)
    truth = rng.normal(size=predicted["flow_field"].shape).astype("float32")
    only = {key: predicted[key] for key in needed}
    assert float(make()(truth, only)) == float(make()(truth, predicted)) > 0
    for key in needed:
        with pytest.raises(ValueError, match=f"needs '{key}' in the outputs of the network"):
            make()(truth, {**only, key: None})
