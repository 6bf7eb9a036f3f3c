import pytest

from dirv_tf.models import DIRVNet, load_pretrained
from experiments.comparison.families.measurement import measure
from experiments.comparison.families.pair_sets import SETS, draw
from experiments.comparison.families.stage_errors import stage_reductions
from experiments.comparison.networks import network_flow_field


def test_the_last_step_is_the_whole_network_and_other_networks_have_none():
    pairs = draw(SETS[0], 2)
    network = load_pretrained("dlir-2d-quick")
    steps = stage_reductions(network, pairs)
    assert len(steps) == len(network.stages) == 4
    assert steps[-1] == pytest.approx(measure(network_flow_field(network), pairs)["dl_dis_finest"], abs=0.02)
    assert steps[0] < steps[-1]
    assert stage_reductions(DIRVNet(rank=2, levels=1, units=1, experts=2), pairs) is None
