import numpy as np
import pytest
import tensorflow as tf

from dirv_tf import geometry


def smooth_velocity(side, longest, seed=0):
    """A random velocity field of waves, with the given greatest length."""
    random = np.random.default_rng(seed)
    grid = 2 * np.pi * np.stack(np.meshgrid(*[np.arange(side) / side] * 2, indexing="ij"), axis=-1)
    field = np.zeros((side, side, 2))
    for component in range(2):
        for _ in range(4):
            waves, phase = random.integers(-1, 2, 2), random.uniform(0, 2 * np.pi)
            field[..., component] += random.normal() * np.sin(grid @ waves + phase)
    return longest / np.linalg.norm(field, axis=-1).max() * field[None]


def test_a_constant_velocity_is_its_own_exponential():
    velocity = np.broadcast_to([1.5, -3.25], (1, 16, 12, 2))
    np.testing.assert_array_equal(geometry.exponential(velocity), velocity)


@pytest.mark.parametrize("rank", [2, 3])
def test_a_linear_velocity_grows_as_the_exponential_function(rank):
    size, rate = (33,) * rank, 0.3
    from_the_center = geometry.identity_grid(size, tf.float64)[None] - 16.0
    found = geometry.exponential(-rate * from_the_center, squarings=7).numpy()
    factor = (1 - rate / 2**7) ** 2**7 - 1
    np.testing.assert_allclose(found, factor * from_the_center, atol=1e-12)
    assert factor == pytest.approx(np.exp(-rate) - 1, abs=1e-3)
    grown = geometry.exponential(rate * from_the_center, squarings=7).numpy()
    # Outwards, the sample positions leave the image at its border, where they are clamped.
    inside = (0, *(slice(9, -9),) * rank)
    np.testing.assert_allclose(grown[inside], 0.3493851 * from_the_center[inside], atol=1e-6)


@pytest.mark.parametrize(("side", "longest", "inside", "anywhere"), [(32, 1.7, 0.02, 0.1), (64, 5.0, 0.03, 0.5)])
def test_the_exponential_of_the_negative_is_the_inverse(side, longest, inside, anywhere):
    velocity = smooth_velocity(side, longest)
    there, back = geometry.exponential(velocity), geometry.exponential(-velocity)
    error = np.linalg.norm(geometry.compose(there, back), axis=-1)[0]
    assert error[6:-6, 6:-6].max() <= inside and error.max() <= anywhere
    inverse = np.linalg.norm(geometry.invert(there) - back, axis=-1)[0]
    assert inverse[6:-6, 6:-6].max() <= inside
    assert np.all(geometry.jacobian_determinant(there) > 0)
    # Without the integration, the negative is no inverse.
    assert np.linalg.norm(geometry.compose(velocity, -velocity), axis=-1).max() > 5 * error[6:-6, 6:-6].max()


def test_without_squarings_the_field_is_passed_through(rng):
    velocity = rng.normal(size=(1, 4, 4, 2))
    np.testing.assert_array_equal(geometry.exponential(velocity, squarings=0), velocity)
    with pytest.raises(ValueError, match="`squarings` must be an integer of at least 0. Received: squarings=-1"):
        geometry.exponential(velocity, squarings=-1)


def test_a_constant_velocity_is_subtracted_from_the_map(rng):
    field = np.broadcast_to([0.5, -0.25], (1, 12, 10, 2))
    found = geometry.advect(field, np.broadcast_to([1.5, -3.25], field.shape), steps=4)
    np.testing.assert_allclose(found, np.broadcast_to([-1.0, 3.0], field.shape), atol=1e-12)


@pytest.mark.parametrize("rank", [2, 3])
def test_a_linear_velocity_carries_the_identity_along_as_the_exponential_function(rank):
    from_the_center = geometry.identity_grid((9,) * rank, tf.float64)[None] - 4.0
    found = geometry.advect(tf.zeros_like(from_the_center), 0.3 * from_the_center, steps=10)
    np.testing.assert_allclose(found, (0.740818222 - 1) * from_the_center, atol=1e-8)


@pytest.mark.parametrize(("side", "longest", "inside"), [(32, 1.7, 0.02), (64, 5.0, 0.05)])
def test_advection_is_composition_with_the_exponential(side, longest, inside):
    velocity = smooth_velocity(side, longest)
    field = smooth_velocity(side, 2.0, seed=1)
    expected = geometry.compose(first=field, second=geometry.exponential(-velocity))
    error = np.linalg.norm(geometry.advect(field, velocity) - expected, axis=-1)[0]
    assert error[6:-6, 6:-6].max() <= inside
    # A step of the first order is not enough.
    rough = np.linalg.norm(field - velocity - expected, axis=-1)[0]
    assert rough[6:-6, 6:-6].max() > 5 * inside


def test_gradients_of_the_advection(rng, check_gradients):
    fields = 0.3 * rng.normal(size=(2, 1, 5, 4, 2))
    check_gradients(lambda u, v: geometry.advect(u, v, steps=2), *fields, tolerance=1e-5)
    with pytest.raises(ValueError, match="`steps` must be an integer of at least 1. Received: steps=0"):
        geometry.advect(*fields, steps=0)


def test_squarings_and_warps_for_any_shape_add_little_to_a_graph():
    velocity = smooth_velocity(16, 2.0).astype("float32")

    def graph(squarings):
        @tf.function(input_signature=[tf.TensorSpec([None, None, None, 2])], autograph=False)
        def flow_field(velocity):
            with geometry.for_any_shape():
                return geometry.exponential(velocity, squarings)

        np.testing.assert_allclose(flow_field(velocity), geometry.exponential(velocity, squarings), atol=1e-5)
        return flow_field.get_concrete_function().graph.as_graph_def()

    def size(definition):
        return len(definition.node) + sum(len(function.node_def) for function in definition.library.function)

    assert size(graph(2)) == size(graph(9))

    @tf.function(input_signature=[tf.TensorSpec([None, None, None, 2])], autograph=False)
    def often(field):
        with geometry.for_any_shape():
            for _ in range(5):
                field = geometry.compose(field, field)
        return field

    once_more = 40
    assert size(often.get_concrete_function().graph.as_graph_def()) < size(graph(1)) + 5 * once_more
