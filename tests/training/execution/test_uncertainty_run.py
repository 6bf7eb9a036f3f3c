"""A run of a network that judges fields: from its file to weights, and what its settings must be."""

import json

import numpy as np
import pytest
import tensorflow as tf
import yaml

import dirv_tf
from dirv_tf.cli.main import main
from dirv_tf.models import load_weights_file
from dirv_tf.training.config.config_loading import load_run
from dirv_tf.training.execution import building
from dirv_tf.validation import ConfigError

RUN = {
    "name": "judge",
    "description": "a small network that judges fields",
    "model": {"kind": "uncertainty", "features": 2, "halvings": 2},
    "data": {
        "kind": "chessboard", "size": [32, 32], "cell_range": [4, 6], "desensitize": False, "transform": "affine",
        "train_images": 8, "test_images": 4,
    },
    "training": {
        "epochs": 2, "batch_size": 4, "learning_rate": 1e-3, "loss": "gaussian_likelihood", "distinct_epochs": 1,
        "given_fields": ["zero", "perturbed", "smoothed"],
    },
    "evaluation": {"batch_size": 4},
}


def load(path, **changes):
    content = {**RUN, **{key: {**RUN[key], **values} for key, values in changes.items()}}
    path.write_text(yaml.safe_dump(content))
    return load_run(path)


@pytest.fixture(scope="module")
def run(tmp_path_factory, untimed):
    folder = tmp_path_factory.mktemp("judge")
    (folder / "judge.yaml").write_text(yaml.safe_dump(RUN))
    with untimed():
        assert main(["train", str(folder / "judge.yaml"), "--output", str(folder / "run")]) == 0
    return folder / "run"


def test_it_trains_tests_and_writes_weights(run):
    measured = json.loads((run / "metrics.json").read_text())["test"]
    assert {"loss", "calibration_error", "coverage_90", "log_density", "standard_deviation"} <= set(measured)
    # Of the fields that were judged: nobody registered anything.
    assert measured["endpoint_error"] > 0 and measured["standard_deviation"] > 0
    network = load_weights_file(run)
    assert network.task == "uncertainty" and network.card["training"]["given_fields"] == ["zero", "perturbed", "smoothed"]
    assert network.similarity is None


def test_its_scalars_are_in_tensorboard(run):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    events = EventAccumulator(str(run / "tensorboard" / "train"))
    events.Reload()
    names = {tag for kind in ("scalars", "tensors") for tag in events.Tags()[kind]}
    assert {"7 standard deviation (px)/mean", "1 overview/expected calibration error (px)"} <= names


def test_commands_take_it(run, tmp_path, capsys, rng):
    from dirv_tf.io import write_image

    paths = [str(tmp_path / f"{name}.tif") for name in ("fixed", "moving")]
    for path in paths:
        write_image(path, rng.random((40, 36)).astype("float32"))
    out = tmp_path / "out"
    assert main(["register", *paths, "--model", "A-6", "--uncertainty", str(run), "-o", str(out)]) == 0
    assert "uncertainty        median" in capsys.readouterr().out
    assert {"uncertainty.npz", "uncertainty.png"} <= {path.name for path in out.iterdir()}
    assert dirv_tf.load_result(out).standard_deviation.shape == (40, 36, 2)
    assert main(["register", *paths, "--uncertainty", "A-6", "-o", str(tmp_path / "no")]) != 0
    expected = "Expected a model for uncertainty; shipped ones: uncertainty-2d. Received: model='A-6', which finds fields"
    assert expected in capsys.readouterr().err and not (tmp_path / "no").exists()
    assert main(["register", "--pairs", "pairs.csv", "--uncertainty", "-o", str(tmp_path / "no")]) == 2
    assert "--uncertainty with FIXED and MOVING" in capsys.readouterr().err
    assert main(["info", str(run)]) == 0 and "uncertainty" in capsys.readouterr().out
    assert main(["report", str(run), "-o", str(tmp_path / "page")]) == 0


@pytest.mark.parametrize("method", ["register", "demons"])
def test_what_a_method_finds_is_judged_and_kept(tmp_path, method):
    config = load(tmp_path / "run.yaml", training={"given_fields": [method]}, data={"train_images": 4})
    pairs = building.training_pairs(config)
    ((*_, given), true), ((*_, again), _) = (next(iter(pairs.training(1))) for _ in range(2))
    error, zero = (float(tf.reduce_mean(tf.norm(each - true, axis=-1))) for each in (given, 0 * given))
    assert 0 < error < {"register": 0.3, "demons": 0.8}[method] * zero
    np.testing.assert_array_equal(given, again)


def test_fields_of_networks_are_judged_and_kept(tmp_path):
    given = {"given_fields": ["A-6", "A-6:halfway"]}
    config = load(tmp_path / "run.yaml", training=given, data={"train_images": 4})
    pairs = building.training_pairs(config)
    batches = pairs.training(2)
    # One batch is an epoch.
    (first, other), (again, _) = ([fields.numpy() for (_, _, fields), _ in batches] for _ in range(2))
    assert abs(first).max() > 0.1
    assert (first == again).all() and abs(first).sum() == pytest.approx(abs(other).sum(), rel=1e-5)
    (_, _, field), _ = next(iter(building.testing_pairs(config).evaluation()))
    assert field.shape == (4, 32, 32, 2)


@pytest.mark.parametrize(
    ("section", "settings", "message"),
    [
        ("training", {"loss": "displacement"}, "'training.loss' must be field_likelihood or gaussian_likelihood for"),
        ("training", {"given_fields": None}, "'training.given_fields' must be there for networks whose task is"),
        ("training", {"given_fields": ["zero", "zero"]}, "must be different names"),
        ("training", {"regularization": 1.0}, "'training.regularization' must be left out unless"),
        (
            "training",
            {"image_variance": 0.01},
            "'training.image_variance' must be left out unless 'training.loss' is field_likelihood. "
            "Received: training.image_variance=0.01, training.loss=gaussian_likelihood",
        ),
        ("model", {"kind": "voxelmorph"}, "unknown key 'model.halvings'"),
    ],
)
def test_settings_that_do_not_fit_are_refused(tmp_path, section, settings, message):
    with pytest.raises(ConfigError, match=message):
        load(tmp_path / "run.yaml", **{section: settings})


def test_a_network_that_registers_has_no_fields_to_judge(tmp_path):
    content = {**RUN, "model": {"kind": "voxelmorph"}, "training": {**RUN["training"], "loss": "displacement"}}
    (tmp_path / "run.yaml").write_text(yaml.safe_dump(content))
    with pytest.raises(ConfigError, match="and for no other. Received: training.given_fields=\\['zero'"):
        load_run(tmp_path / "run.yaml")
    with pytest.raises(ConfigError, match="'training.loss' must be displacement or intensity"):
        (tmp_path / "run.yaml").write_text(yaml.safe_dump({**content, "training": RUN["training"]}))
        load_run(tmp_path / "run.yaml")


@pytest.mark.parametrize("settings", [{"image_variance": 0.01}])
def test_a_network_that_registers_has_none_of_the_settings(tmp_path, settings):
    training = {"epochs": 2, "batch_size": 4, **settings}
    (tmp_path / "run.yaml").write_text(yaml.safe_dump({**RUN, "model": {"kind": "voxelmorph"}, "training": training}))
    ((key, value),) = settings.items()
    with pytest.raises(ConfigError, match=f"'training.{key}' must be left out .*Received: training.{key}={value},"):
        load_run(tmp_path / "run.yaml")


def test_unknown_fields_to_judge_are_refused(tmp_path):
    config = load(tmp_path / "run.yaml", training={"given_fields": ["A-66:halfway"]})
    with pytest.raises(ConfigError, match="names among zero, smoothed, perturbed, roughened, register, demons, or of shipped.*'A-66:halfway'"):
        building.training_pairs(config)


def test_the_loss_of_images_takes_its_two_numbers(tmp_path):
    settings = {"loss": "field_likelihood", "regularization": 3.0, "image_variance": 0.01}
    config = load(tmp_path / "run.yaml", training=settings)
    model = building.build_model(config)
    building.compile_model(model, config, 2)
    loss = model._registration_loss
    assert (loss.weight, loss.image_variance) == (3.0, 0.01)
