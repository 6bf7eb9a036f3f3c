import numpy as np
import pytest

from dirv_tf import geometry
from dirv_tf.layers import VariationalUnit


@pytest.mark.parametrize("size", [(16, 12), (8, 12, 8)])
def test_agrees_with_the_equations(size, rng):
    rank = len(size)
    unit = VariationalUnit(experts=(3, 2), kernel_sizes=(5, 3), knots=8)
    fixed, moving = rng.random((2, 1, *size, 1)).astype("float32")
    displacement = rng.normal(size=(1, *(n // 4 for n in size), rank)).astype("float32")
    result = unit((fixed, moving, displacement)).numpy()
    # A negative step size must not turn the descent round.
    unit.step_size.assign(-0.7 / unit.step_size_scale)

    registered = geometry.warp_image(moving, geometry.interpolate_control_points(displacement))
    experts = unit.data_experts(registered - fixed).numpy()
    gradient = np.stack([np.gradient(registered.numpy()[..., 0], axis=axis + 1) for axis in range(rank)], -1)
    descent = geometry.control_point_force((experts * gradient).astype("float32")).numpy()
    descent += unit.regularizer_experts(displacement).numpy()
    expected = displacement - 0.7 * descent
    np.testing.assert_allclose(unit((fixed, moving, displacement)), expected, atol=1e-5)
    assert result.shape == displacement.shape


@pytest.mark.parametrize("rank", [2, 3])
def test_number_of_parameters(rank):
    unit = VariationalUnit(experts=24, kernel_sizes=(7, 5), knots=24)
    sides = (None,) * rank
    unit.build(((None, *sides, 1), (None, *sides, 1), (None, *sides, rank)))
    expected = 24 * 7**rank + rank * 24 * 5**rank + 24 * (24 + rank * 24) + 1
    assert sum(int(np.prod(weight.shape)) for weight in unit.trainable_weights) == expected


def test_impossible_arguments():
    with pytest.raises(ValueError, match="2 entries"):
        VariationalUnit(experts=(1, 2, 3))
    with pytest.raises(ValueError, match="spacing=0"):
        VariationalUnit(spacing=0)
    with pytest.raises(ValueError, match="step_size_scale=0"):
        VariationalUnit(step_size_scale=0)


def test_the_step_size_scale_changes_the_learning_only(rng):
    inputs = (*rng.random((2, 1, 8, 8, 1)).astype("float32"), rng.normal(size=(1, 2, 2, 2)).astype("float32"))
    plain, scaled = (VariationalUnit(3, (5, 3), knots=8, step_size_scale=scale) for scale in (1.0, 10.0))
    expected = plain(inputs).numpy()
    scaled(inputs)
    assert 0 <= float(scaled.absolute_step_size) <= 0.1 and abs(float(scaled.step_size)) <= 0.01
    for name in ("data_experts", "regularizer_experts"):
        getattr(scaled, name).set_weights(getattr(plain, name).get_weights())
    scaled.step_size.assign(plain.step_size / 10)
    np.testing.assert_allclose(scaled(inputs), expected, atol=1e-6)
