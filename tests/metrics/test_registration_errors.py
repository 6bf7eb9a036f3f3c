import numpy as np
import pytest
import tensorflow as tf

from dirv_tf import geometry, losses, metrics


def outputs(truth, share, levels, rng):
    """Outputs whose fields are `share` of the truth on every level, on images that fit nothing."""
    size = truth.shape[1:-1]
    fields = [share * truth[(slice(None),) + (slice(None, None, 4),) * len(size)]]
    for _ in range(levels - 1):
        fields.insert(0, geometry.downsample_displacement_field(fields[0]))
    images = [
        [rng.random((len(truth), *(n // 2 ** (levels - 1 - level) for n in size), 1)).astype("float32") for _ in "fm"]
        for level in range(levels)
    ]
    return {
        "flow_field": tf.constant(share * truth),
        "displacement_fields": tuple(tf.constant(np.stack([0 * field, field], 1)) for field in fields),
        "fixed_images": tuple(tf.constant(fixed) for fixed, _ in images),
        "moving_images": tuple(tf.constant(moving) for _, moving in images),
        "registered_images": tuple(tf.constant(0.25 * moving + 0.75 * fixed) for fixed, moving in images),
    }


@pytest.mark.parametrize("size, levels", [((32, 32), 1), ((32, 32), 3), ((16, 16, 16), 2)])
def test_reductions_are_exact_where_they_are_known(size, levels, rng):
    metric = metrics.RegistrationErrors(levels)
    truths = [rng.normal(0, 0.1, (batch, *size, len(size))).astype("float32") for batch in (3, 1)]
    for truth in truths:
        metric.update_state(truth, outputs(truth, 0.6, levels, rng))
    result = {name: float(value) for name, value in metric.result().items()}
    for suffix in ("", "_finest", *(f"_level{level}" for level in range(levels))):
        assert result[f"dl_dis{suffix}"] == pytest.approx(60, abs=1e-3)
        assert result[f"dl_int{suffix}"] == pytest.approx(75, abs=1e-3)
    lengths = np.concatenate([np.linalg.norm(t, axis=-1).mean(axis=tuple(range(1, len(size) + 1))) for t in truths])
    assert result["endpoint_error_initial"] == pytest.approx(lengths.mean(), rel=1e-5)
    assert result["endpoint_error"] == pytest.approx(0.4 * lengths.mean(), rel=1e-5)


def test_level_average_is_the_loss(rng):
    truth = rng.normal(size=(2, 32, 32, 2)).astype("float32")
    predicted = outputs(truth, 0.3, 3, rng)
    metric = metrics.RegistrationErrors(3)
    metric.update_state(truth, predicted)
    result = metric.result()
    assert float(result["l_dis"]) == pytest.approx(float(losses.DisplacementLoss()(truth, predicted)), rel=1e-5)
    assert float(result["l_int"]) == pytest.approx(255 * float(losses.IntensityLoss()(None, predicted)), rel=1e-5)


def test_reset_and_unsupervised_use(rng):
    truth = rng.normal(size=(2, 16, 16, 2)).astype("float32")
    metric = metrics.RegistrationErrors(1)
    metric.update_state(truth, outputs(truth, 0.3, 1, rng))
    metric.reset_state()
    metric.update_state(None, outputs(truth, 0.3, 1, rng))
    result = metric.result()
    assert float(result["dl_dis"]) == 0 and float(result["endpoint_error"]) == 0
    assert float(result["dl_int"]) == pytest.approx(75, abs=1e-3)


def test_errors(rng):
    truth = rng.normal(size=(1, 16, 16, 2)).astype("float32")
    with pytest.raises(ValueError, match="2 level"):
        metrics.RegistrationErrors(2).update_state(truth, outputs(truth, 0.5, 1, rng))
    with pytest.raises(ValueError, match="levels=0"):
        metrics.RegistrationErrors(0)


def test_pairs_of_unknown_fields_have_no_metrics_that_need_them(rng):
    truth = rng.normal(size=(2, 32, 32, 2)).astype("float32")
    every, known = metrics.RegistrationErrors(2), metrics.RegistrationErrors(2, known_fields=False)
    predicted = outputs(truth, 0.3, 2, rng)
    every.update_state(None, predicted)
    known.update_state(None, {key: value for key, value in predicted.items() if key != "displacement_fields"})
    ends = ("", "_finest", "_level0", "_level1")
    expected = {"folded_percent"} | {f"{name}{end}" for name in ("l_int", "dl_int") for end in ends}
    assert set(known.result()) == expected < set(every.result())
    assert {key: float(value) for key, value in known.result().items()} == {
        key: float(every.result()[key]) for key in expected
    }
    # A field that is there all the same is not used.
    again = metrics.RegistrationErrors.from_config(known.get_config())
    again.update_state(truth, predicted)
    assert set(again.result()) == expected


def test_missing_outputs_are_named(rng):
    truth = rng.normal(size=(1, 16, 16, 2)).astype("float32")
    predicted = outputs(truth, 0.5, 1, rng)
    for key in predicted:
        rest = {name: value for name, value in predicted.items() if name != key}
        with pytest.raises(ValueError, match=f"RegistrationErrors needs '{key}'"):
            metrics.RegistrationErrors(1).update_state(truth, rest)
    with pytest.raises(ValueError, match="as a dictionary.*Received: outputs of type"):
        metrics.RegistrationErrors(1).update_state(truth, predicted["flow_field"])
    with pytest.raises(ValueError, match="sample_weight=2"):
        metrics.RegistrationErrors(1).update_state(truth, predicted, sample_weight=2)
