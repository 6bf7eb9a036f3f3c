"""One battery for every loss: what a Keras user may expect of any of them, in 2D and in 3D."""

import doctest
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from dirv_tf import losses

SIZES = {2: (16, 32), 3: (16, 16, 16)}
CASES = {
    "CombinedLoss": lambda: losses.CombinedLoss(0.5, 3.0, unit_decay=0.5),
    "CombinedLoss of intensities": lambda: losses.CombinedLoss(0.0, 1.0),
    "DisplacementLoss": lambda: losses.DisplacementLoss(),
    "DisplacementLoss of every unit": lambda: losses.DisplacementLoss(unit_decay=0.25),
    "DisplacementLoss with spread": lambda: losses.DisplacementLoss(spread_weight=0.5),
    "IntensityLoss": lambda: losses.IntensityLoss(),
    "UnsupervisedLoss": lambda: losses.UnsupervisedLoss("mse", "diffusion", 0.5),
    "UnsupervisedLoss of correlation": lambda: losses.UnsupervisedLoss("ncc", "bending", 0.1),
    "UnsupervisedLoss of absolute differences": lambda: losses.UnsupervisedLoss("mse", "total_variation", 0.5),
    "UnsupervisedLoss of windows": lambda: losses.UnsupervisedLoss("lncc", weight=0.0),
    "UnsupervisedLoss of features": lambda: losses.UnsupervisedLoss("mind", "bending"),
}
FUNCTIONS = {
    "displacement_errors": lambda true, outputs: losses.displacement_errors(true, outputs["displacement_fields"]),
    "displacement_spreads": lambda true, outputs: losses.displacement_spreads(true, outputs["displacement_fields"]),
    "intensity_errors": lambda true, outputs: losses.intensity_errors(
        outputs["fixed_images"], outputs["registered_images"]
    ),
    "root_mean_square_error": lambda true, outputs: losses.root_mean_square_error(true, outputs["flow_field"]),
    "true_displacement_fields": lambda true, outputs: losses.true_displacement_fields(
        true, outputs["displacement_fields"]
    ),
}
# Of networks that judge fields; tested in test_field_likelihood.py.
OF_LIKELIHOOD = {"FieldLikelihoodLoss", "GaussianLikelihoodLoss"}
# Losses of what is drawn on the images, whose battery is that of test_annotation_losses.py.
OF_ANNOTATIONS = {"CounterpartLoss", "LabelLoss", "LandmarkLoss", "MaskedLoss", "SmoothnessLoss", "WeightedLosses"}
# Functions of two images or of a field alone, each with known answers in the test file of its own module.
WITH_A_FILE = {
    "affine_deviation",
    "affine_inverse_consistency",
    "bending_energy",
    "correlated_noise",
    "field_likelihood",
    "first_differences",
    "free_standard_deviation",
    "gaussian_likelihood",
    "global_correlation",
    "image_dissimilarity",
    "inverse_consistency",
    "label_boxes",
    "label_difference",
    "label_weights",
    "local_correlation",
    "mask_perimeter",
    "mask_volume",
    "momentum_energy",
    "multi_kernel_correlation",
    "point_distance",
    "self_similarity_difference",
    "soft_dice",
    "windows_of_two_sizes",
}
battery = pytest.mark.parametrize("rank", [2, 3])


def true_and_outputs(rank, rng, levels=2, batch=3, units=2):
    sizes = [tuple(n // 2 ** (levels - 1 - level) for n in SIZES[rank]) for level in range(levels)]

    def images():
        return tuple(tf.constant(rng.random((batch, *size, 1)), tf.float32) for size in sizes)

    outputs = {
        "flow_field": tf.constant(rng.normal(size=(batch, *sizes[-1], rank)), tf.float32),
        "displacement_fields": tuple(
            tf.constant(rng.normal(size=(batch, units, *(n // 4 for n in size), rank)), tf.float32) for size in sizes
        ),
        "fixed_images": images(),
        "moving_images": images(),
        "registered_images": images(),
    }
    return tf.constant(rng.normal(size=(batch, *sizes[-1], rank)), tf.float32), outputs


@pytest.fixture(params=sorted(CASES))
def make(request):
    return CASES[request.param]


@pytest.fixture(params=sorted(FUNCTIONS))
def function(request):
    return FUNCTIONS[request.param]


def test_the_battery_covers_every_public_loss():
    classes = {name for name in losses.__all__ if isinstance(getattr(losses, name), type)}
    # What they are derived from computes nothing.
    assert {name.split()[0] for name in CASES} | OF_ANNOTATIONS | OF_LIKELIHOOD == classes - {"NetworkLoss"}
    assert {*classes, *FUNCTIONS, *WITH_A_FILE, "displacement_level_weights"} == set(losses.__all__)
    for name in WITH_A_FILE:
        module = getattr(losses, name).__module__.split(".")[-1]
        assert Path(__file__).with_name(f"test_{module}.py").is_file(), name


@pytest.mark.parametrize("name", losses.__all__)
def test_the_example_of_the_docstring_is_true(name):
    (example,) = doctest.DocTestFinder(recurse=False).find(getattr(losses, name), name)
    assert example.examples
    assert doctest.DocTestRunner().run(example).failed == 0


def test_config_round_trip(make):
    loss = make()
    again = type(loss).from_config(loss.get_config())
    assert again.get_config() == loss.get_config()
    assert again.name == loss.name


@battery
def test_serialization(make, rank, rng):
    loss = make()
    again = tf.keras.utils.deserialize_keras_object(tf.keras.utils.serialize_keras_object(loss))
    assert type(again) is type(loss)
    true, outputs = true_and_outputs(rank, rng)
    assert float(again(true, outputs)) == float(loss(true, outputs))


@battery
def test_graphs_of_unknown_batch_and_image_size(make, rank, rng):
    loss = make()
    true, outputs = true_and_outputs(rank, rng)
    specs = tf.nest.map_structure(
        lambda values: tf.TensorSpec([None, *_unknown_but_units(values, rank), values.shape[-1]], values.dtype),
        (true, outputs),
    )
    graph = tf.function(loss, input_signature=list(specs))
    assert float(graph(true, outputs)) == pytest.approx(float(loss(true, outputs)), rel=1e-5)
    first = tf.nest.map_structure(lambda values: values[:1], (true, outputs))
    assert float(graph(*first)) == pytest.approx(float(loss(*first)), rel=1e-5)


def _unknown_but_units(values, rank):
    """The shape between batch and channels: the number of units is the network's and known."""
    return [*values.shape[1 : values.shape.rank - 1 - rank], *[None] * rank]


@battery
def test_compiled_results_agree(make, rank, rng):
    loss = make()
    true, outputs = true_and_outputs(rank, rng)
    compiled = tf.function(loss, jit_compile=True)
    assert float(compiled(true, outputs)) == pytest.approx(float(loss(true, outputs)), rel=1e-5)


@battery
@pytest.mark.parametrize("precision", ["bfloat16", "float16"])
def test_half_precision_is_summed_in_single_precision(make, precision, rank, rng):
    loss = make()
    true, outputs = true_and_outputs(rank, rng)
    halves = tf.nest.map_structure(lambda values: tf.cast(values, precision), (true, outputs))
    found = loss(*halves)
    assert found.dtype == tf.float32
    rounded = tf.nest.map_structure(lambda values: tf.cast(values, tf.float32), halves)
    assert float(found) == pytest.approx(float(loss(*rounded)), rel=1e-6)


@battery
def test_gradients_are_finite_also_at_zero_error(make, rank, rng):
    true, outputs = true_and_outputs(rank, rng)
    perfect = {
        **outputs,
        "displacement_fields": tuple(
            tf.stack([field, field], axis=1)
            for field in losses.true_displacement_fields(true, outputs["displacement_fields"])
        ),
        "registered_images": outputs["fixed_images"],
    }
    for values, moves in ((outputs, True), (perfect, False)):
        watched = [*values["displacement_fields"], *map(tf.identity, values["registered_images"])]
        fields, images = watched[: len(watched) // 2], watched[len(watched) // 2 :]
        with tf.GradientTape() as tape:
            tape.watch(watched)
            loss = make()(true, {**values, "displacement_fields": fields, "registered_images": images})
        gradients = [each for each in tape.gradient(loss, watched) if each is not None]
        assert gradients and all(np.all(np.isfinite(each)) for each in gradients)
        # A correlation of one has a gradient of rounding errors.
        assert any(np.any(np.abs(each) > 1e-6) for each in gradients) == moves


@battery
def test_arrays_are_taken_like_tensors(make, rank, rng):
    true, outputs = true_and_outputs(rank, rng)
    arrays = tf.nest.map_structure(lambda values: values.numpy(), (true, outputs))
    assert float(make()(*arrays)) == float(make()(true, outputs))
    # As random numbers of NumPy are: in double precision.
    doubled = arrays[0].astype(np.float64)
    assert float(make()(doubled, outputs)) == pytest.approx(float(make()(true, outputs)), rel=1e-6)


@battery
def test_functions_of_arrays_in_graphs_and_in_half_precision(function, rank, rng):
    true, outputs = true_and_outputs(rank, rng)
    expected = tf.nest.flatten(function(true, outputs))
    arrays = tf.nest.map_structure(lambda values: values.numpy(), (true, outputs))
    specs = tf.nest.map_structure(lambda values: tf.TensorSpec([None, *values.shape[1:]], values.dtype), (true, outputs))
    graph = tf.function(function, input_signature=list(specs))
    halves = tf.nest.map_structure(lambda values: tf.cast(values, tf.bfloat16), (true, outputs))
    for found, tolerance in ((function(*arrays), 1e-6), (graph(true, outputs), 1e-5), (function(*halves), 2e-2)):
        for each, value in zip(tf.nest.flatten(found), expected):
            assert each.dtype == tf.float32 and len(each) == 3
            np.testing.assert_allclose(each, value, rtol=tolerance, atol=tolerance)
