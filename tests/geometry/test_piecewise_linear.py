import numpy as np
import pytest
import tensorflow as tf

from dirv_tf import geometry

FORMS = ["gather", "sum"]


def arguments(rng, channels=3, knots=24, low=-1.0, high=1.0):
    # Beyond both ends of the knots, too.
    values = rng.uniform(low - 0.5, high + 0.5, (2, 5, 6, channels)).astype("float32")
    return values, rng.normal(size=(channels, knots)).astype("float32")


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("low, high, knots", [(-1.0, 1.0, 24), (-1.0, 1.0, 2), (-0.3, 4.0, 28)])
def test_values_agree_with_numpy(form, low, high, knots, rng):
    values, at_knots = arguments(rng, knots=knots, low=low, high=high)
    result = geometry.piecewise_linear(values, at_knots, low, high, form=form).numpy()
    for channel in range(3):
        expected = np.interp(values[..., channel], np.linspace(low, high, knots), at_knots[channel])
        np.testing.assert_allclose(result[..., channel], expected, atol=1e-5)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("low, high, knots", [(-1.0, 1.0, 24), (-1.0, 1.0, 25), (-0.3, 4.0, 28), (0.2, 1.0, 5)])
def test_centered_functions_lose_their_value_at_zero(form, low, high, knots, rng):
    values, at_knots = arguments(rng, knots=knots, low=low, high=high)
    free = geometry.piecewise_linear(values, at_knots, low, high, form=form)
    at_zero = [np.interp(0, np.linspace(low, high, knots), at_knots[channel]) for channel in range(3)]
    centered = geometry.piecewise_linear(values, at_knots, low, high, centered=True, form=form)
    np.testing.assert_allclose(centered, free - np.array(at_zero), atol=1e-5)


def test_centered_functions_are_exactly_zero_at_zero(rng):
    knots = rng.normal(size=(24, 24)).astype("float32")
    assert np.all(geometry.piecewise_linear(np.zeros((1, 3, 24), "float32"), knots, centered=True) == 0)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("centered", [False, True])
def test_gradients(form, centered, rng, check_gradients):
    # Away from the knots, where the derivative jumps.
    cells = rng.integers(-3, 26, (2, 4, 5, 3)) + rng.uniform(0.1, 0.9, (2, 4, 5, 3))
    values = -1 + cells * 2 / 23
    knots = rng.normal(size=(3, 24))
    check_gradients(lambda x, k: geometry.piecewise_linear(x, k, centered=centered, form=form), values, knots)


def test_both_forms_agree(rng):
    values, knots = (tf.constant(argument) for argument in arguments(rng, channels=24))
    knots *= 0.05
    results = []
    for form in FORMS:
        with tf.GradientTape() as tape:
            tape.watch([values, knots])
            result = geometry.piecewise_linear(values, knots, form=form)
            loss = tf.reduce_mean(tf.square(result))
        results.append((result, *tape.gradient(loss, [values, knots])))
    for one, other in zip(*results):
        np.testing.assert_allclose(one, other, atol=1e-5)


def test_constant_outside_and_continuous_at_the_ends(rng):
    knots = rng.normal(size=(1, 5)).astype("float32")
    values = np.array([-np.inf, -9, -1.0001, -1, 1, 1.0001, 9, np.inf], "float32").reshape(1, -1, 1)
    result = geometry.piecewise_linear(values, knots).numpy().ravel()
    np.testing.assert_allclose(result, [knots[0, 0]] * 4 + [knots[0, -1]] * 4, atol=1e-6)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("dtype, tolerance", [("float16", 2e-2), ("float64", 1e-12)])
def test_other_types_than_float32(form, dtype, tolerance, rng):
    values, knots = (array.astype(dtype) for array in arguments(rng, channels=1, knots=9))
    result = geometry.piecewise_linear(values, knots, form=form)
    assert result.dtype == dtype
    expected = np.interp(values[..., 0], np.linspace(-1, 1, 9), knots[0].astype("float64"))
    np.testing.assert_allclose(result[..., 0], expected, atol=tolerance)


@pytest.mark.parametrize("form", FORMS)
def test_what_is_no_number_stays_none(form, rng):
    values = np.full((1, 3, 1), np.nan, "float32")
    assert np.isnan(geometry.piecewise_linear(values, rng.normal(size=(1, 5)).astype("float32"), form=form)).all()


@pytest.mark.parametrize("low, high", [(-1.0, 1.0), (0.5, 2.0)])
def test_the_integral_agrees_with_quadrature(low, high, rng):
    knots = rng.normal(size=(1, 7))
    ends = np.linspace(-2, 3, 21)
    integral = geometry.piecewise_linear_integral(ends.reshape(-1, 1), knots, low, high).numpy().ravel()
    for end, value in zip(ends, integral):
        t = np.linspace(0, end, 20001)
        expected = np.trapezoid if hasattr(np, "trapezoid") else np.trapz
        assert value == pytest.approx(expected(np.interp(t, np.linspace(low, high, 7), knots[0]), t), abs=1e-6)


def test_errors(rng):
    values, knots = arguments(rng)
    with pytest.raises(ValueError, match="one channel per row"):
        geometry.piecewise_linear(values, knots[:2])
    with pytest.raises(ValueError, match="n_q >= 2"):
        geometry.piecewise_linear(values, knots[:, :1])
    with pytest.raises(ValueError, match="low=1"):
        geometry.piecewise_linear(values, knots, 1.0, 1.0)
    with pytest.raises(ValueError, match="form='table'"):
        geometry.piecewise_linear(values, knots, form="table")
