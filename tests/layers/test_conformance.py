"""One battery for every layer: what a Keras user may expect of any of them, in 2D and in 3D."""

import numpy as np
import pytest
import tensorflow as tf

from dirv_tf import layers

SIDES = (8, 16, 12)


def arguments(rank, batch, rng, *channels, divided_by=1):
    size = [n // divided_by for n in SIDES[:rank]]
    return tuple(rng.uniform(-0.5, 0.5, (batch, *size, c)).astype("float32") for c in channels)


def one(rank, batch, rng):
    return arguments(rank, batch, rng, 2)[0]


def field(rank, batch, rng):
    return arguments(rank, batch, rng, rank)[0]


def two_images(rank, batch, rng):
    return arguments(rank, batch, rng, 1, 1)


def image_and_field(rank, batch, rng):
    return arguments(rank, batch, rng, 1, rank)


def two_features(rank, batch, rng):
    return arguments(rank, batch, rng, 3, 3)


def state_and_features(rank, batch, rng):
    return arguments(rank, batch, rng, 4, 3)


def unit_inputs(rank, batch, rng):
    return (*arguments(rank, batch, rng, 1, 1), *arguments(rank, batch, rng, rank, divided_by=4))


CASES = {
    "BinomialSmoothing": (lambda: layers.BinomialSmoothing(order=1), one),
    "ControlPointForce": (lambda: layers.ControlPointForce(spacing=2), field),
    "ControlPointInterpolation": (lambda: layers.ControlPointInterpolation(spacing=2), field),
    "ConvGRU": (lambda: layers.ConvGRU(hidden=4), state_and_features),
    "CostVolume": (lambda: layers.CostVolume(radius=1), two_features),
    "CubicSplineInterpolation": (lambda: layers.CubicSplineInterpolation(spacing=2, border="replicate"), field),
    "DataForce": (lambda: layers.DataForce(spacing=2), two_images),
    "Downsampling": (lambda: layers.Downsampling(), one),
    "Downsampling of displacements": (lambda: layers.Downsampling(displacements=True), field),
    "FieldOfExperts": (lambda: layers.FieldOfExperts(3, kernel_size=5, knots=8, knot_range=(-0.4, 0.6)), one),
    "ImageGradient": (lambda: layers.ImageGradient(), one),
    "MultiGaussianSmoothing": (lambda: layers.MultiGaussianSmoothing((0.1, 0.3), (0.5, 0.5)), field),
    "PiecewiseLinearPotential": (lambda: layers.PiecewiseLinearPotential(6, (-0.2, 0.3)), one),
    "Upsampling": (lambda: layers.Upsampling(), one),
    "Upsampling of displacements": (lambda: layers.Upsampling(displacements=True), field),
    "Upsampling of displacements, linear": (lambda: layers.Upsampling(displacements=True, method="linear"), field),
    "VariationalUnit": (lambda: layers.VariationalUnit((3, 2), (5, 3), knots=6), unit_inputs),
    "VelocityIntegration": (lambda: layers.VelocityIntegration(squarings=3), field),
    "Warp": (lambda: layers.Warp(), image_and_field),
}
battery = pytest.mark.parametrize("rank", [2, 3])


@pytest.fixture(params=sorted(CASES))
def case(request):
    return CASES[request.param]


def test_the_battery_covers_every_public_layer():
    assert {name.split()[0] for name in CASES} == set(layers.__all__)


@battery
def test_config_round_trip(case, rank, rng, untraced):
    make, inputs = case
    layer = make()
    again = type(layer).from_config(layer.get_config())
    assert again.get_config() == layer.get_config()
    values = inputs(rank, 2, rng)
    expected = layer(values)
    again(values)
    again.set_weights(layer.get_weights())
    np.testing.assert_array_equal(again(values), expected)


@battery
def test_saving_and_loading_in_a_functional_model_of_unknown_size(case, rank, rng, tmp_path):
    make, inputs = case
    values = inputs(rank, 3, rng)
    nested = isinstance(values, tuple)
    symbolic = [tf.keras.Input((None,) * rank + (v.shape[-1],)) for v in (values if nested else (values,))]
    inputs_of_model = symbolic if nested else symbolic[0]
    model = tf.keras.Model(inputs_of_model, make()(tuple(symbolic) if nested else symbolic[0]))
    feed = list(values) if nested else values
    expected = model(feed)
    path = tmp_path / "model.keras"
    model.save(path)
    loaded = tf.keras.models.load_model(path)
    np.testing.assert_array_equal(loaded(feed), expected)
    # Another batch size, through the same model.
    first = [v[:1] for v in values] if nested else values[:1]
    np.testing.assert_allclose(loaded(first), expected[:1], atol=1e-6)


@battery
def test_eager_graph_and_compiled_results_agree(case, rank, rng):
    make, inputs = case
    values, layer = inputs(rank, 2, rng), make()
    values = tuple(map(tf.constant, values)) if isinstance(values, tuple) else tf.constant(values)
    eager = layer(values)
    np.testing.assert_allclose(tf.function(layer)(values), eager, atol=1e-5)
    np.testing.assert_allclose(tf.function(layer, jit_compile=True)(values), eager, atol=1e-5)


@battery
def test_every_weight_and_input_gets_a_finite_gradient(case, rank, rng, untraced):
    make, inputs = case
    values, layer = inputs(rank, 2, rng), make()
    values = tuple(map(tf.constant, values)) if isinstance(values, tuple) else tf.constant(values)
    with tf.GradientTape() as tape:
        tape.watch(values)
        loss = tf.reduce_sum(tf.square(layer(values)))
    flat = tf.nest.flatten(values) + list(layer.trainable_weights)
    variables = [getattr(v, "value", v) if not callable(getattr(v, "value", None)) else v for v in flat]
    for gradient in tape.gradient(loss, variables):
        assert gradient is not None
        assert np.all(np.isfinite(gradient))
        assert np.any(gradient != 0)
