"""The network that judges fields: its contract beside that of the networks that find them."""

import json

import numpy as np
import pytest
import tensorflow as tf

from dirv_tf import geometry, losses, metrics, models
from dirv_tf.models import UncertaintyNetwork, load_weights_file, pretrained, save_weights_file
from dirv_tf.models.registry import settings_class
from dirv_tf.models.weight_files import WeightFileError

SMALL = {"features": 3, "halvings": 2}
ranks = pytest.mark.parametrize("rank", [2, 3])


def make(rank=2, **arguments):
    tf.keras.utils.set_random_seed(7)
    return UncertaintyNetwork(rank, **{**SMALL, **arguments})


def triple(rng, rank, side=16, batch=2):
    shape = (batch, *(side,) * rank)
    images = [tf.constant(rng.random((*shape, 1)), tf.float32) for _ in range(2)]
    return (*images, tf.constant(rng.normal(0, 1.5, (*shape, rank)), tf.float32))


@ranks
@pytest.mark.parametrize("warp_moving", [False, True])
def test_the_outputs(rng, rank, warp_moving):
    network, inputs = make(rank, warp_moving=warp_moving), triple(rng, rank)
    outputs = network.completed(inputs, network(inputs))
    np.testing.assert_array_equal(outputs["flow_field"], inputs[2])
    assert outputs["standard_deviation"].shape == inputs[2].shape
    assert float(tf.reduce_min(outputs["standard_deviation"])) > 1e-3
    np.testing.assert_allclose(
        outputs["registered_images"][0], geometry.warp_image(inputs[1], inputs[2]), atol=1e-6
    )
    for key in ("displacement_fields", "fixed_images", "moving_images", "registered_images"):
        assert len(outputs[key]) == network.levels == 1
    # It looks at all three.
    for number in range(3):
        changed = [each + 0.3 * (place == number) for place, each in enumerate(inputs)]
        assert np.abs(network(changed)["standard_deviation"] - outputs["standard_deviation"]).max() > 1e-4


@ranks
def test_what_it_sees_as_warped_is_the_moving_image_warped(rng, rank):
    fixed, moving, field = triple(rng, rank)
    plain, warping = make(rank), make(rank, warp_moving=True)
    warping.set_weights(plain.get_weights())
    expected = plain((fixed, geometry.warp_image(moving, field), field))["standard_deviation"]
    np.testing.assert_allclose(warping((fixed, moving, field))["standard_deviation"], expected, atol=1e-5)


@ranks
def test_small_differences_are_seen_by_their_logarithms(rng, rank):
    fixed, _, field = triple(rng, rank)
    changes, still = [], tf.zeros_like(field)
    for network in (make(rank, warp_moving=True), make(rank, warp_moving=True, logarithms=True)):
        equal, near = (network((fixed, fixed + shift, still))["standard_deviation"] for shift in (0.0, 0.004))
        changes.append(float(tf.reduce_mean(abs(near / equal - 1))))
    assert changes[1] > 5 * changes[0]


def test_logarithms_need_the_warped_image():
    with pytest.raises(ValueError, match="`logarithms` needs `warp_moving=True`.*logarithms=True, warp_moving=False"):
        make(logarithms=True)


@ranks
def test_settings_count_and_describe_it(rank):
    settings = settings_class("uncertainty")(**SMALL, warp_moving=True, logarithms=rank == 2)
    network = settings.build(rank)
    assert settings.task == network.task == "uncertainty"
    assert settings.parameters(rank) == network.count_params()
    assert settings.size_multiples(rank) == network.size_multiples
    assert settings.stages(rank) == network.stages and "warped" in settings.description()
    assert settings.work(rank, 2000) == pytest.approx(2 * settings.work(rank, 1000))


@pytest.mark.parametrize("logarithms", [False, True])
def test_nothing_beyond_the_halo_is_seen(rng, logarithms):
    network = make(warp_moving=logarithms, logarithms=logarithms)
    fixed, moving, field = triple(rng, 2, side=96, batch=1)
    halo = network.halo[0]
    changed = tf.concat([1 - fixed[:, : 48 - halo], fixed[:, 48 - halo :]], axis=1)
    before, after = (network((each, moving, field))["standard_deviation"][:, 48:] for each in (fixed, changed))
    np.testing.assert_allclose(before, after, atol=1e-6)


def test_it_is_saved_and_loaded(rng, tmp_path):
    network, inputs = make(warp_moving=True, normalization="joint"), triple(rng, 2)
    save_weights_file(network, tmp_path / "weights")
    card = json.loads((tmp_path / "weights" / "weights.json").read_text())
    assert card["network"] == "uncertainty" and card["model"]["warp_moving"] is True
    network.save(tmp_path / "network.keras")
    for again in (load_weights_file(tmp_path / "weights"), models.load_keras_file(tmp_path / "network.keras")):
        assert again.normalization == "joint"
        np.testing.assert_array_equal(again(inputs)["standard_deviation"], network(inputs)["standard_deviation"])
    card["model"]["features"] = 4
    (tmp_path / "weights" / "weights.json").write_text(json.dumps(card))
    with pytest.raises(WeightFileError, match="Received: "):
        load_weights_file(tmp_path / "weights")


@ranks
def test_it_learns_how_large_the_errors_are(rng, rank):
    network, (fixed, moving, field) = make(rank), triple(rng, rank, side=8 if rank == 3 else 16)
    network.compile(
        tf.keras.optimizers.Adam(3e-3), losses.GaussianLikelihoodLoss(),
        [metrics.RegistrationErrors(1), metrics.CalibrationScores()],
        run_eagerly=rank == 3,
    )
    true = field + tf.constant(rng.normal(0, 0.2, field.shape), tf.float32)
    before = network.evaluate((fixed, moving, field), true, verbose=0, return_dict=True)
    for _ in range(15):
        logs = network.train_on_batch((fixed, moving, field), true, return_dict=True)
    measured = network.evaluate((fixed, moving, field), true, verbose=0, return_dict=True)
    # It begins far above the errors, and comes down to them.
    assert before["standard_deviation"] > 0.5
    assert measured["loss"] < before["loss"] - 0.1 and measured["calibration_error"] < before["calibration_error"]
    assert {"loss", "calibration_error", "coverage_90", "endpoint_error", "dl_int"} <= set(logs) & set(measured)


def test_it_can_be_observed(rng):
    from dirv_tf.training.monitoring.frozen_batch import frozen_batch

    network, (fixed, moving, field) = make(), triple(rng, 2)
    network.compile("adam", losses.FieldLikelihoodLoss())
    batch = frozen_batch(((fixed, moving, field), field + 1.0))
    assert batch.first(1).inputs[2].shape == (1, 16, 16, 2)
    scalars = network.observer().scalars(batch, network.completed(batch.inputs, network(batch.inputs)))
    mean = float(tf.reduce_mean(network(batch.inputs)["standard_deviation"]))
    assert scalars["7 standard deviation (px)/mean"] == pytest.approx(mean, rel=1e-5)
    assert scalars["8 training/gradient norm"] > 0
    with pytest.raises(ValueError, match="The field to judge of the frozen batch must have shape"):
        frozen_batch(((fixed, moving, field[:, :8]), field))


def test_other_inputs_are_refused(rng):
    network, (fixed, moving, field) = make(), triple(rng, 2)
    with pytest.raises(ValueError, match=r"called on \(fixed, moving, flow_field\). Received: 2 inputs"):
        network.call((fixed, moving))
    with pytest.raises(ValueError, match="`flow_field` must have the size of the images.*flow_field.shape"):
        network.call((fixed, moving, field[:, :8]))
    with pytest.raises(ValueError, match="`flow_field` must be a batch of fields"):
        network.call((fixed, moving, field[..., :1]))
    with pytest.raises(ValueError, match="features.*Received: features=0"):
        UncertaintyNetwork(features=0)


def test_shipped_names_are_told_by_task(tmp_path, monkeypatch):
    monkeypatch.setattr(pretrained, "WEIGHTS_FOLDER", tmp_path)
    save_weights_file(make(), tmp_path / "judge")
    save_weights_file(models.DIRVNet(levels=1, units=1, experts=2), tmp_path / "finder")
    assert models.pretrained_names() == ("finder",)
    assert models.pretrained_names(2, task="uncertainty") == models.pretrained_names(task="uncertainty") == ("judge",)
    assert models.pretrained_names(task=None) == ("finder", "judge") and models.pretrained_names(3, None) == ()
    assert models.load_pretrained("judge").task == "uncertainty"
