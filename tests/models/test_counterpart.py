"""A network of any family with a head for regions without counterpart."""

import json

import numpy as np
import pytest
import tensorflow as tf

from dirv_tf import geometry
from dirv_tf.losses import CounterpartLoss
from dirv_tf.models import CounterpartNetwork, load_weights_file, save_weights_file
from dirv_tf.models.counterpart.filled_image import continued_field, filled_image
from dirv_tf.models.counterpart.settings import BaseKinds
from dirv_tf.models.registry import settings_class
from dirv_tf.models.weight_files import WeightFileError

BASES = {
    "voxelmorph": {"encoder": [4, 4], "decoder": [4, 4], "last": [4]},
    "dlir": {"affine_resolution": 2, "spline_resolutions": [1], "spline_spacings": [4], "filters": 4, "hidden": 4},
}
SMALL = {"features": 2, "halvings": 2}


def make(kind="voxelmorph", rank=2, **arguments):
    tf.keras.utils.set_random_seed(7)
    return CounterpartNetwork({"kind": kind, **BASES[kind]}, rank, **{**SMALL, **arguments})


def pair(rng, rank=2, side=16, batch=2):
    return tuple(tf.constant(rng.random((batch, *(side,) * rank, 1)), tf.float32) for _ in range(2))


@pytest.mark.parametrize("rank", [2, 3])
def test_the_mask(rng, rank):
    network, inputs = make(rank=rank), pair(rng, rank)
    outputs = network.completed(inputs, network(inputs))
    mask = outputs["counterpart_mask"].numpy()
    assert mask.shape == inputs[0].shape and 0 < mask.min() and mask.max() < 1
    # At the beginning, nearly all of the images counts.
    assert mask.mean() < 0.2
    np.testing.assert_array_equal(outputs["fixed_images"][-1], inputs[0])
    seen = (inputs[0], outputs["registered_images"][-1], outputs["flow_field"])
    np.testing.assert_allclose(network.counterpart_mask(*seen), mask, atol=1e-6)


def test_without_filling_the_field_is_that_of_the_base(rng):
    network, inputs = make(fills=0), pair(rng)
    expected = network.base_network(inputs)["flow_field"]
    np.testing.assert_array_equal(network(inputs)["flow_field"], expected)
    filling = make(fills=2)
    filling.set_weights(network.get_weights())
    np.testing.assert_array_equal(filling(inputs, training=True)["flow_field"], expected)
    filling.base_network.field_layer.kernel.assign(1e5 * filling.base_network.field_layer.kernel)
    filling.head.last_layer.bias.assign([8.0])
    assert np.abs(filling(inputs)["flow_field"] - filling(inputs, training=True)["flow_field"]).max() > 1e-3


@pytest.mark.parametrize("kind", sorted(BASES))
def test_what_is_trained_in_which_stage(rng, kind):
    network, inputs = make(kind), pair(rng)
    first = network.stages[0]
    assert network.stages == {"voxelmorph": ("base", "mask"), "dlir": ("affine", "spline0", "mask")}[kind]
    network.start_stage(first)
    assert "counterpart_mask" not in network(inputs) and not network.head.trainable_variables
    assert 0 < len(network.trainable_variables) <= len(network.base_network.variables)
    network.start_stage("mask")
    assert network.base_network.stage is None and "counterpart_mask" in network(inputs)
    assert len(network.trainable_variables) == len(network.variables)
    network.joint = False
    network.start_stage("mask")
    assert [id(variable) for variable in network.trainable_variables] == [id(own) for own in network.head.variables]
    with pytest.raises(ValueError, match="`name` must be one of"):
        network.start_stage("all")


def test_a_frozen_base_keeps_its_weights_and_the_head_learns(rng):
    network, (fixed, moving) = make(joint=False), pair(rng)
    lesion = tf.pad(tf.ones([2, 6, 6, 1]), [[0, 0], [4, 6], [4, 6], [0, 0]])
    fixed = tf.where(lesion > 0, 1.0, 0.3 * fixed)
    network.start_stage("mask")
    network.compile(tf.keras.optimizers.Adam(1e-2), CounterpartLoss(supervision=1.0))
    before = [variable.numpy() for variable in network.base_network.variables]
    losses = [network.train_on_batch((fixed, 0.3 * moving), {"lesion": lesion}) for _ in range(30)]
    for variable, value in zip(network.base_network.variables, before):
        np.testing.assert_array_equal(variable, value)
    mask = network((fixed, 0.3 * moving))["counterpart_mask"].numpy()
    assert losses[-1] < 0.5 * losses[0]
    assert mask[lesion.numpy() == 1].mean() > 2 * mask[lesion.numpy() == 0].mean()


def test_the_mask_passes_no_gradient_to_the_base(rng):
    network, inputs = make(), pair(rng)
    with tf.GradientTape() as tape:
        mask = tf.reduce_sum(network(inputs, training=True)["counterpart_mask"])
    gradients = tape.gradient(mask, [*network.base_network.trainable_variables, *network.head.trainable_variables])
    count = len(network.base_network.trainable_variables)
    assert all(gradient is None for gradient in gradients[:count])
    assert all(gradient is not None for gradient in gradients[count:])


def test_nothing_beyond_the_halos_is_seen(rng):
    network = make(fills=1)
    fixed, moving = (tf.constant(rng.random((1, 512, 16, 1)), tf.float32) for _ in range(2))
    network.base_network.field_layer.kernel.assign(1e4 * network.base_network.field_layer.kernel)
    halo = network.halo[0]
    changed = tf.concat([1 - fixed[:, : 256 - halo], fixed[:, 256 - halo :]], axis=1)
    before, after = (network((each, moving)) for each in (fixed, changed))
    for key in ("flow_field", "counterpart_mask"):
        np.testing.assert_allclose(before[key][:, 256:], after[key][:, 256:], atol=1e-4)
    assert network.mask_halo[0] < halo and make("dlir").halo is None


def test_a_field_goes_on_into_a_region():
    places = geometry.identity_grid((48, 40))[None]
    linear = 0.1 * tf.cast(places, tf.float32)
    hole = np.zeros((1, 48, 40, 1), np.float32)
    hole[:, 16:32, 12:28] = 1
    wrong = tf.where(hole > 0, 50.0, linear)
    np.testing.assert_allclose(continued_field(wrong, tf.constant(hole)), linear, atol=0.2)
    outside = hole[..., 0] == 0
    np.testing.assert_array_equal(continued_field(wrong, tf.constant(hole)).numpy()[outside], linear.numpy()[outside])


def test_a_filled_image_shows_what_the_field_brings(rng):
    moving = tf.constant(rng.random((1, 24, 24, 1)), tf.float32)
    fixed, field = geometry.warp_image(moving, tf.ones([1, 24, 24, 2])), tf.ones([1, 24, 24, 2])
    hole = tf.pad(tf.ones([1, 8, 8, 1]), [[0, 0], [8, 8], [8, 8], [0, 0]])
    np.testing.assert_allclose(filled_image(fixed * (1 - hole), moving, field, hole), fixed, atol=1e-5)


def test_it_is_saved_with_its_base(rng, tmp_path):
    network, inputs = make(fills=2, joint=False), pair(rng)
    save_weights_file(network, tmp_path)
    again, card = load_weights_file(tmp_path), json.loads((tmp_path / "weights.json").read_text())
    np.testing.assert_array_equal(again(inputs)["counterpart_mask"], network(inputs)["counterpart_mask"])
    assert (again.fills, again.joint, card["model"]["base"]["kind"]) == (2, False, "voxelmorph")
    for wrong in ({"kind": "uncertainty"}, {"kind": "counterpart"}, {"kind": 3}, "voxelmorph", {"kind": "voxelmorph", "x": {}}):
        (tmp_path / "weights.json").write_text(json.dumps({**card, "model": {**card["model"], "base": wrong}}))
        with pytest.raises(WeightFileError, match="Received: "):
            load_weights_file(tmp_path)


@pytest.mark.parametrize("base", [{"kind": "uncertainty"}, {"kind": "voxelmorph", "rank": 3}, {}, "voxelmorph"])
def test_a_base_must_register(base):
    with pytest.raises(ValueError, match="`base` must be a mapping of the kind of a network that registers"):
        CounterpartNetwork(base)


def test_settings_know_their_base():
    assert {"voxelmorph", "dirv_net", "dlir"} <= set(BaseKinds()) and not {"counterpart", "uncertainty"} & set(BaseKinds())
    base = settings_class("avsm")()
    settings = settings_class("counterpart")(base=base)
    assert settings.unsupervised_loss == base.unsupervised_loss and settings.stages_of_steps == base.stages_of_steps
    assert settings.stages(2) == ("affine", "momentum", "mask") and settings.has_mask
    assert type(settings.own_loss(base.unsupervised_loss, 3)) is type(base.own_loss(base.unsupervised_loss, 3))


def test_it_can_be_observed(rng):
    from dirv_tf.training.monitoring.frozen_batch import frozen_batch

    network, inputs = make(), pair(rng)
    network.compile("adam", CounterpartLoss(supervision=1.0))
    batch = frozen_batch((inputs, {"lesion": tf.zeros_like(inputs[0])}))
    outputs = network.completed(inputs, network(inputs))
    scalars = network.observer().scalars(batch, outputs)
    assert scalars["7 share without counterpart/mean"] == pytest.approx(float(tf.reduce_mean(outputs["counterpart_mask"])))
    assert scalars["8 training/gradient norm"] > 0 and list(network.observer().pictures(outputs, 1)) == []
