"""One battery for every metric: what a user of Keras or NumPy may expect of any of them, in 2D and in 3D."""

import doctest

import numpy as np
import pytest
import tensorflow as tf

from dirv_tf import losses, metrics

SIZES = {2: (16, 32), 3: (16, 16, 16)}
CASES = {
    "RegistrationErrors": lambda: metrics.RegistrationErrors(2),
    "RegistrationErrors of unknown fields": lambda: metrics.RegistrationErrors(2, known_fields=False, name="unknown"),
}
# Pure functions of batches, called on a true field, a field, and two images.
FUNCTIONS = {
    "displacement_lengths": lambda true, field, fixed, image: metrics.displacement_lengths(field),
    "endpoint_error": lambda true, field, fixed, image: metrics.endpoint_error(true, field),
    "field_metrics": lambda true, field, fixed, image: list(metrics.field_metrics(field, 0.5).values()),
    "folded_percent": lambda true, field, fixed, image: metrics.folded_percent(field),
    "intensity_difference": lambda true, field, fixed, image: metrics.intensity_difference(fixed, image),
    "reduction": lambda true, field, fixed, image: metrics.reduction(
        metrics.endpoint_error(true, 0 * field), metrics.endpoint_error(true, field)
    ),
    "sd_log_jacobian": lambda true, field, fixed, image: metrics.sd_log_jacobian(field),
}
# Of single registrations in NumPy, or of what is drawn on the images; tested on their own.
OF_ARRAYS = {"label_overlap", "landmark_errors", "LabelScores", "LandmarkScores"}
# Of standard deviations; tested in test_calibration.py.
OF_CALIBRATION = {
    "CalibrationBins", "CalibrationScores", "calibration_bins", "coverage", "mean_log_density", "rank_correlation"
}
NAMES = {"METRIC_NAMES", "MetricName", "label_suffixes", "level_suffixes", "metric_name", "needs_true_field"}
battery = pytest.mark.parametrize("rank", [2, 3])


def fields_and_images(rank, rng, batch=3):
    fields = [tf.constant(rng.normal(0, 0.2, (batch, *SIZES[rank], rank)), tf.float32) for _ in range(2)]
    images = [tf.constant(rng.random((batch, *SIZES[rank], 1)), tf.float32) for _ in range(2)]
    return [*fields, *images]


def true_and_outputs(rank, rng, levels=2, batch=3):
    true, field, *_ = fields_and_images(rank, rng, batch)
    sizes = [tuple(n // 2 ** (levels - 1 - level) for n in SIZES[rank]) for level in range(levels)]
    outputs = {
        name: tuple(tf.constant(rng.random((batch, *size, 1)), tf.float32) for size in sizes)
        for name in ("fixed_images", "moving_images", "registered_images")
    }
    displacement_fields = tuple(
        tf.constant(rng.normal(size=(batch, 1, *(n // 4 for n in size), rank)), tf.float32) for size in sizes
    )
    return true, {"flow_field": field, "displacement_fields": displacement_fields, **outputs}


@pytest.fixture(params=sorted(CASES))
def make(request):
    return CASES[request.param]


@pytest.fixture(params=sorted(FUNCTIONS))
def function(request):
    return FUNCTIONS[request.param]


def measured(metric):
    return {key: float(value) for key, value in metric.result().items()}


def test_the_battery_covers_every_public_metric():
    covered = {name.split()[0] for name in CASES} | set(FUNCTIONS)
    assert covered | OF_ARRAYS | OF_CALIBRATION | NAMES == set(metrics.__all__)
    assert not covered & (OF_ARRAYS | NAMES)


@pytest.mark.parametrize("name", sorted({*metrics.__all__} - {"METRIC_NAMES"}))
def test_the_example_of_the_docstring_is_true(name):
    (example,) = doctest.DocTestFinder(recurse=False).find(getattr(metrics, name), name)
    assert example.examples
    assert doctest.DocTestRunner().run(example).failed == 0


def test_config_round_trip(make):
    metric = make()
    again = type(metric).from_config(metric.get_config())
    assert again.get_config() == metric.get_config()
    assert again.name == metric.name


@battery
def test_serialization(make, rank, rng):
    metric = make()
    again = tf.keras.utils.deserialize_keras_object(tf.keras.utils.serialize_keras_object(metric))
    assert type(again) is type(metric) and again is not metric
    true, outputs = true_and_outputs(rank, rng)
    for each in (metric, again):
        each.update_state(true, outputs)
    assert measured(again) == measured(metric)


@battery
def test_a_graph_of_unknown_batch_size_sums_over_batches(make, rank, rng):
    metric, graphed = make(), make()
    true, outputs = true_and_outputs(rank, rng)
    specs = tf.nest.map_structure(lambda values: tf.TensorSpec([None, *values.shape[1:]], values.dtype), (true, outputs))

    @tf.function(input_signature=list(specs))
    def update(true, outputs):
        graphed.update_state(true, outputs)

    metric.update_state(true, outputs)
    for part in (slice(0, 1), slice(1, None)):
        update(*tf.nest.map_structure(lambda values, part=part: values[part], (true, outputs)))
    assert measured(graphed) == pytest.approx(measured(metric), rel=1e-4)
    # A result too may be asked for in a graph.
    in_graph = tf.function(graphed.result)()
    assert {key: float(value) for key, value in in_graph.items()} == pytest.approx(measured(graphed), rel=1e-5)
    graphed.reset_state()
    assert set(measured(graphed).values()) == {0.0}


@battery
@pytest.mark.parametrize("precision", ["bfloat16", "float16", "float64"])
def test_other_precisions(make, precision, rank, rng):
    true, outputs = true_and_outputs(rank, rng)
    given = tf.nest.map_structure(lambda values: tf.cast(values, precision), (true, outputs))
    rounded = tf.nest.map_structure(lambda values: tf.cast(values, tf.float32), given)
    found, expected = make(), make()
    found.update_state(*given)
    expected.update_state(*rounded)
    assert measured(found) == pytest.approx(measured(expected), rel=1e-4, abs=1e-4)


@battery
def test_nothing_is_wrong_with_a_perfect_registration(rank, rng):
    true, outputs = true_and_outputs(rank, rng)
    fields = losses.true_displacement_fields(true, outputs["displacement_fields"])
    perfect = {
        **outputs,
        "flow_field": true,
        "displacement_fields": tuple(field[:, tf.newaxis] for field in fields),
        "registered_images": outputs["fixed_images"],
    }
    metric = metrics.RegistrationErrors(2)
    metric.update_state(true, perfect)
    for key, value in measured(metric).items():
        if key.startswith("dl_"):
            assert value == pytest.approx(100, abs=0.01)
        elif key.startswith("l_") or key == "endpoint_error":
            assert value == pytest.approx(0, abs=0.001)


@battery
def test_functions_take_arrays_and_half_precision_and_run_in_graphs(function, rank, rng):
    values = fields_and_images(rank, rng)
    expected = tf.nest.flatten(function(*values))
    graph = tf.function(function, input_signature=[tf.TensorSpec([None, *v.shape[1:]], v.dtype) for v in values])
    arrays = [each.numpy() for each in values]
    for found, tolerance in ((function(*arrays), 1e-6), (graph(*values), 1e-4)):
        for each, value in zip(tf.nest.flatten(found), expected):
            np.testing.assert_allclose(each, value, rtol=tolerance, atol=tolerance)
    halves = [tf.cast(each, tf.bfloat16) for each in values]
    rounded = [tf.cast(each, tf.float32) for each in halves]
    for each, value in zip(tf.nest.flatten(function(*halves)), tf.nest.flatten(function(*rounded))):
        assert each.dtype == tf.float32 and len(each) == 3
        np.testing.assert_allclose(each, value, rtol=1e-6, atol=1e-6)


@battery
@pytest.mark.parametrize("name", ["displacement_lengths", "endpoint_error", "intensity_difference", "sd_log_jacobian"])
def test_gradients_are_finite_also_at_zero_error(name, rank, rng):
    true, field, fixed, image = fields_and_images(rank, rng)
    at_zero = tf.identity(true) if name == "endpoint_error" else 0 * field
    for given, other, moves in ((field, image, True), (at_zero, fixed, False)):
        watched = [tf.identity(given), tf.identity(other)]
        with tf.GradientTape() as tape:
            tape.watch(watched)
            value = tf.reduce_sum(FUNCTIONS[name](true, watched[0], fixed, watched[1]))
        gradients = [each for each in tape.gradient(value, watched) if each is not None]
        assert gradients and all(np.all(np.isfinite(each)) for each in gradients)
        assert any(np.any(each != 0) for each in gradients) == moves
