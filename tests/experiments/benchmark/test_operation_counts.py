import pytest

from experiments.benchmark.operation_counts import unit_costs


def test_a_case_counted_by_hand():
    # 2 pairs of 8 x 4 pixels: 64 pixels, 4 control points; 3 experts.
    # Data: 64 pixels x 9 taps x 3 experts, convolution and transpose, 2 operations per tap: 6912.
    # Regularizer: 4 points x 2 components x 25 taps x 3 experts, likewise: 2400.
    costs = unit_costs(2, (8, 4), experts=3, kernel_sizes=(3, 5), spacing=4)
    assert costs.forward_operations == 6912 + 2400
    assert costs.step_operations == 3 * 9312
    # Responses: 3 x 64 and 3 x 2 x 4 numbers of 4 bytes.
    assert costs.forward_bytes == 4 * 4 * (192 + 24)
    assert costs.step_bytes == 11 * 4 * (192 + 24)


@pytest.mark.parametrize("rank", [2, 3])
def test_costs_grow_linearly_with_pixels_and_experts(rank):
    once = unit_costs(1, (8,) * rank, experts=2)
    assert unit_costs(3, (8,) * rank, experts=4) == tuple(6 * cost for cost in once)
