"""Filter responses of every unit, against a unit-by-unit recomputation."""

import numpy as np
import pytest
import tensorflow as tf

from dirv_tf import geometry
from dirv_tf.models import DIRVNet
from dirv_tf.models.dirv_net.filter_responses import BINS, bin_edges, response_statistics


@pytest.fixture
def model():
    tf.keras.utils.set_random_seed(4)
    model = DIRVNet(2, levels=2, units=(1, 2), experts=3, kernel_sizes=(3, 3), knots=5, knot_range=(-0.5, 0.5))
    for level in model.pyramid_levels:
        for unit in level.variational_units:
            unit.step_size.assign(2.0)
            for experts in (unit.data_experts, unit.regularizer_experts):
                values = experts.potential.knot_values
                values.assign(tf.random.stateless_normal(values.shape, (1, 2)))
    return model


def test_statistics_are_those_of_the_units_inputs(model):
    images = tf.random.stateless_uniform((2, 2, 16, 16, 1), (7, 8))
    outputs = model((images[0], images[1]))
    statistics = response_statistics(model, outputs)
    assert [len(of_units) for of_units in statistics] == [1, 2]
    # By hand: every unit called on its own, from the start.
    field = tf.zeros((2, 2, 2, 2))
    for index, level in enumerate(model.pyramid_levels):
        fixed, moving = outputs["fixed_images"][index], outputs["moving_images"][index]
        field = geometry.upsample_displacement_field(field) if index else field
        for unit, measured in zip(level.variational_units, statistics[index]):
            registered = geometry.warp_image(moving, geometry.interpolate_control_points(field, 4))
            for experts, inputs, term in (
                (unit.data_experts, registered - fixed, "data_term"),
                (unit.regularizer_experts, field, "regularizer"),
            ):
                responses = experts.filter_responses(inputs).numpy()
                assert float(measured[term].outside) == pytest.approx(np.mean(np.abs(responses) > 0.5), abs=1e-6)
                edges = bin_edges(experts.potential)
                assert edges[0] == -0.75 and edges[-1] == 0.75
                counts = np.histogram(np.clip(responses, -0.75, 0.7499), edges)[0]
                # A response on the edge of a bin may fall to either side.
                np.testing.assert_allclose(measured[term].histogram, counts / responses.size, atol=2e-3)
                assert measured[term].histogram.shape == (BINS,)
            field = unit((fixed, moving, field))
    assert any(float(each["data_term"].outside) > 0.0 for of_units in statistics for each in of_units)
