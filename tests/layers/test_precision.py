import numpy as np
import pytest
import tensorflow as tf

from dirv_tf import geometry
from dirv_tf.layers import FieldOfExperts, VariationalUnit
from dirv_tf.layers.precision import split_policy


@pytest.fixture
def mixed_policy():
    tf.keras.mixed_precision.set_global_policy("mixed_bfloat16")
    yield
    tf.keras.mixed_precision.set_global_policy("float32")


MIXED = "mixed_bfloat16"


@pytest.mark.parametrize("dtype", [MIXED, tf.keras.mixed_precision.Policy(MIXED), {"config": {"name": MIXED}}])
def test_a_mixed_policy_is_for_the_experts_of_the_data_term(dtype):
    assert split_policy(dtype) == ("float32", MIXED)


def test_without_a_policy_the_global_one_holds(mixed_policy):
    assert split_policy(None) == ("float32", "mixed_bfloat16")
    assert split_policy("float64") == ("float64", "float64")


def test_a_mixed_unit_computes_its_data_term_alone_in_16_bits(rng):
    unit = VariationalUnit(experts=2, kernel_sizes=(5, 3), knots=6, dtype="mixed_bfloat16")
    fixed, moving = rng.random((2, 1, 8, 8, 1)).astype("float32")
    assert unit((fixed, moving, np.zeros((1, 2, 2, 2), "float32"))).dtype == tf.float32
    assert unit.data_experts(fixed).dtype == tf.bfloat16
    assert unit.regularizer_experts(np.zeros((1, 2, 2, 2), "float32")).dtype == tf.float32
    assert {variable.dtype for variable in unit.weights} <= {tf.float32, "float32"}
    again = VariationalUnit.from_config(unit.get_config())
    assert again.get_config() == unit.get_config() and again.expert_policy == "mixed_bfloat16"


@pytest.mark.parametrize("size", [(9, 8), (5, 6, 4)])
def test_a_mixed_field_of_experts_differs_by_rounding_only(size, rng):
    full = FieldOfExperts(8, kernel_size=3, knots=9)
    mixed = FieldOfExperts(8, kernel_size=3, knots=9, dtype="mixed_bfloat16")
    values = rng.uniform(-1, 1, (2, *size, 1)).astype("float32")
    results, gradients, magnitudes = [], [], []
    for layer in (full, mixed):
        layer.build(values.shape)
        layer.set_weights([np.ones_like(weight) * weight for weight in full.get_weights()])
        # Knots a thousandth apart would be lost if they were rounded: 16 bits keep three digits.
        slopes = np.linspace(1, 1.008, 9) * np.ones((8, 1))
        layer.potential.knot_values.assign(slopes.astype("float32"))
        tensors = tf.convert_to_tensor(layer.kernels), tf.convert_to_tensor(layer.potential.knot_values)
        with tf.GradientTape() as tape:
            tape.watch(tensors)
            kernel = geometry.expert_kernel(tf.cast(tensors[0], layer.compute_dtype))
            responses = geometry.expert_convolution(tf.cast(values, layer.compute_dtype), kernel)
            bent = geometry.piecewise_linear(responses, tensors[1])
            result = tf.cast(geometry.transposed_expert_convolution(bent, kernel), tf.float32)
        np.testing.assert_allclose(tf.cast(layer(values), tf.float32), result, atol=1e-6)
        results.append(result)
        # What is added up to the result, before it cancels.
        parts = geometry.transposed_expert_convolution(tf.abs(bent), tf.abs(kernel))
        magnitudes.append(tf.reduce_max(tf.cast(parts, tf.float32)))
        gradients.append(tape.gradient(result, tensors))
    scale = np.abs(results[0]).max()
    # Kernel, response, bent response and result are rounded to 8 bits, by half a unit in the last place each.
    np.testing.assert_allclose(results[1], results[0], atol=4 * 2.0**-9 * magnitudes[0])
    assert np.abs(results[1] - results[0]).max() > 1e-5 * scale  # It was computed with fewer digits.
    for one, other in zip(*gradients):
        assert one.dtype == other.dtype == tf.float32
        np.testing.assert_allclose(other, one, atol=0.02 * np.abs(one).max())
