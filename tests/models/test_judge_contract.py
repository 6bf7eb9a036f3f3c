"""The proof of the contract: a network of uncertainty defined outside the package can do what the shipped one can."""

import importlib
import json
import sys
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
import yaml
from skimage.io import imsave

import dirv_tf
from dirv_tf.cli.main import main
from dirv_tf.models import load_weights_file, registry
from dirv_tf.registration.networks import pieces
from dirv_tf.training.config.config_loading import load_run
from dirv_tf.training.execution import building

RUN = {
    "name": "judge-run",
    "description": "two convolutions that judge",
    "model": {"kind": "toy_judge", "channels": 3},
    "data": {
        "kind": "chessboard", "size": [16, 20], "cell_range": [3, 5], "transform": "affine", "desensitize": False,
        "train_images": 8, "test_images": 4,
    },
    "training": {
        "epochs": 2, "batch_size": 4, "learning_rate": 1e-3, "loss": "gaussian_likelihood",
        "given_fields": ["zero", "perturbed"],
    },
    "evaluation": {"batch_size": 4},
}


@pytest.fixture(scope="module", autouse=True)
def toy():
    """The class, known for the time of this module alone."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(Path(__file__).parent)
        patch.setenv(registry.PLUGINS_VARIABLE, "toy_judge")
        sys.modules.pop("toy_judge", None)
        yield importlib.import_module("toy_judge").ToyJudge
        registry._registered.pop("toy_judge")
        registry._settings.pop("toy_judge", None)


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """The folder of a finished run, carried out by the command."""
    folder = tmp_path_factory.mktemp("judge")
    (folder / "judge.yaml").write_text(yaml.safe_dump(RUN))
    assert main(["train", str(folder / "judge.yaml"), "--output", str(folder / "run")]) == 0
    return folder / "run"


@pytest.fixture
def triple(rng):
    """Two gray images of a size that is no multiple of the spacing, and a field."""
    images = rng.random((2, 21, 30)).astype(np.float32)
    return (*images, rng.normal(0, 1.5, (21, 30, 2)).astype(np.float32))


def test_a_run_trains_and_tests_it(run):
    measured = json.loads((run / "metrics.json").read_text())["test"]
    assert {"loss", "calibration_error", "coverage_90", "standard_deviation", "endpoint_error"} <= set(measured)
    network = load_weights_file(run)
    assert list(network.named_variables()) == ["features/kernel", "features/bias", "deviation/kernel", "deviation/bias"]


def test_it_is_watched_in_tensorboard(run):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    events = EventAccumulator(str(run / "tensorboard" / "train"))
    events.Reload()
    names = {tag for kind in ("scalars", "tensors", "images") for tag in events.Tags()[kind]}
    assert {"1 overview/loss", "8 training/gradient norm", "A registration/pair 0"} <= names
    assert "1 overview/expected calibration error (px)" in names


def test_the_loss_of_images_has_the_weight_of_the_task(tmp_path):
    settings = {**RUN["training"], "loss": "field_likelihood"}
    (tmp_path / "run.yaml").write_text(yaml.safe_dump({**RUN, "training": settings}))
    config = load_run(tmp_path / "run.yaml")
    model = building.build_model(config)
    building.compile_model(model, config, 2)
    assert model._registration_loss.weight == 10.0


def test_it_judges_fields_of_any_size(run, triple, monkeypatch):
    fixed, moving, field = triple
    network = load_weights_file(run)
    found = dirv_tf.uncertainty(fixed, moving, field, run, normalize="type")
    assert found.shape == field.shape and found.min() > 0
    inner = (slice(None), slice(0, 20), slice(0, 28))
    batch = (fixed[None, ..., None][inner], moving[None, ..., None][inner], field[None][inner])
    expected = network(batch)["standard_deviation"][0]
    np.testing.assert_allclose(found[:18, :26], expected[:18, :26], atol=1e-6)
    monkeypatch.setattr(pieces, "_LARGEST_PIECE", 100)
    np.testing.assert_allclose(dirv_tf.uncertainty(fixed, moving, field, network, normalize="type"), found, atol=1e-6)
    # One that must see all is given no pieces.
    monkeypatch.setattr(type(network), "halo", None)
    again = load_weights_file(run)
    np.testing.assert_allclose(dirv_tf.uncertainty(fixed, moving, field, again, normalize="type"), found, atol=1e-6)


def test_commands_take_it(run, triple, tmp_path, capsys):
    paths = [tmp_path / f"{name}.png" for name in ("fixed", "moving")]
    for path, image in zip(paths, triple):
        imsave(path, (255 * image).astype(np.uint8), check_contrast=False)
    out = tmp_path / "out"
    assert main(["register", *map(str, paths), "--model", "A-6", "--uncertainty", str(run), "-o", str(out)]) == 0
    assert dirv_tf.load_result(out).standard_deviation.shape == (21, 30, 2)
    assert main(["info", str(run)]) == 0 and "toy_judge" in capsys.readouterr().out
    assert main(["report", str(run), "-o", str(tmp_path / "page")]) == 0


@pytest.mark.parametrize(
    ("outputs", "message"),
    [
        (lambda field: {"flow_field": field}, r"a dictionary with a 'standard_deviation'.*outputs=\['flow_field'\]"),
        (lambda field: field, "a dictionary with a 'standard_deviation'. Received: outputs=.*Tensor"),
        (
            lambda field: {"standard_deviation": field[..., :1] ** 2 + 1},
            r"of the field's shape. Received: standard_deviation.shape=\(1, 24, 32, 1\), flow_field.shape=\(1, 24, 32, 2\)",
        ),
        (
            lambda field: {"standard_deviation": 0 * field[:, ::2] + 1},
            r"of the field's shape. Received: standard_deviation.shape=\(1, 12, 32, 2\)",
        ),
        (lambda field: {"standard_deviation": 0 * field}, "finite and above 0. Received: model='broken', .* 0$"),
        (lambda field: {"standard_deviation": field / 0 * 0}, "finite and above 0. Received: model='broken', .* nan$"),
    ],
)
def test_what_breaks_the_contract_is_said(toy, triple, outputs, message):
    class Broken(toy):
        def call(self, inputs):
            return outputs(self.checked_triple(inputs)[2])

    with pytest.raises(ValueError, match=message):
        dirv_tf.uncertainty(*triple, Broken(name="broken"))


def test_it_takes_a_pair_and_a_field_alone(toy):
    image = tf.zeros([1, 16, 16, 1])
    with pytest.raises(ValueError, match=r"a ToyJudge is called on \(fixed, moving, flow_field\). Received: 2 inputs"):
        toy().call((image, image))
