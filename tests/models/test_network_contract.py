"""The proof of the contract: a network of 30 lines, defined outside the package, can do what every network can."""

import importlib
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
import yaml
from skimage.io import imsave

import dirv_tf
from dirv_tf import models
from dirv_tf.cli.main import main
from dirv_tf.models import pretrained, registry
from dirv_tf.models.weight_files import WeightFileError, load_weights_file, save_weights_file
from dirv_tf.training.config.config_loading import load_run
from dirv_tf.validation import ConfigError

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
RUN = {
    "name": "toy-run",
    "description": "two convolutions",
    "model": {"kind": "toy", "channels": 3},
    "data": {
        "kind": "chessboard",
        "size": [16, 20],
        "cell_range": [3, 5],
        "transform": "affine",
        "desensitize": False,
        "train_images": 8,
        "test_images": 4,
    },
    "training": {"epochs": 2, "batch_size": 4, "learning_rate": 1e-3, "loss": "intensity"},
    "evaluation": {"batch_size": 4},
}


@pytest.fixture(scope="module", autouse=True)
def toy():
    """The class, known for the time of this module alone."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(HERE)
        patch.setenv(registry.PLUGINS_VARIABLE, "toy_network")
        sys.modules.pop("toy_network", None)
        yield importlib.import_module("toy_network").ToyNetwork
        registry._registered.pop("toy")
        registry._settings.pop("toy", None)


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """The folder of a finished run, carried out by the command."""
    folder = tmp_path_factory.mktemp("toy")
    file = folder / "toy.yaml"
    file.write_text(yaml.safe_dump(RUN))
    assert main(["train", str(file), "--output", str(folder / "run")]) == 0
    return folder / "run"


@pytest.fixture
def pair(rng, tmp_path):
    """Paths of two gray images of a size that is no multiple of the spacing."""
    paths = [tmp_path / f"{name}.png" for name in ("fixed", "moving")]
    for path in paths:
        imsave(path, rng.integers(0, 256, (21, 30)).astype(np.uint8), check_contrast=False)
    return paths


def test_it_is_known_by_its_kind(toy):
    assert models.network_kinds()[0] == "dirv_net" and "toy" in models.network_kinds()
    assert models.network_class("toy") is toy
    with pytest.raises(ValueError, match="one of dirv_net, .*toy.*Did you mean 'toy'.*DIRV_TF_PLUGINS.*kind='toi'"):
        models.network_class("toi")


def test_two_classes_of_one_kind_and_a_class_without_kind_are_refused(toy):
    with pytest.raises(ValueError, match="of one class alone"):
        models.register_network(type("Other", (models.RegistrationNetwork,), {"kind": "toy"}))
    with pytest.raises(ValueError, match="of one class alone"):
        models.register_network(type("Other", (models.RegistrationNetwork,), {"kind": "dirv_net"}))
    with pytest.raises(ValueError, match="kind='my net'"):
        models.register_network(type("Other", (models.RegistrationNetwork,), {"kind": "my net"}))
    with pytest.raises(ValueError, match="`task` must be registration or uncertainty. Received: Other.task='other'"):
        models.register_network(type("Other", (models.RegistrationNetwork,), {"kind": "other", "task": "other"}))


def test_its_settings_are_the_arguments_of_its_constructor(tmp_path):
    def load(**model):
        path = tmp_path / "run.yaml"
        path.write_text(yaml.safe_dump({**RUN, "model": {"kind": "toy", **model}}))
        return load_run(path)

    config = load(channels=5)
    # 3 x 3 x 2 x 5 + 5 + 3 x 3 x 5 x 2 + 2
    assert config.parameters == 187 and config.size_multiples == (4, 4)
    assert config.as_mapping()["model"] == {"kind": "toy", "channels": 5, "reach": 1.5}
    with pytest.raises(ConfigError, match="unknown key 'model.chanels'.*'channels'.*kind, channels, reach"):
        load(chanels=5)
    with pytest.raises(ConfigError, match="'model.channels' must be an integer.*Received: model.channels='many'"):
        load(channels="many")
    with pytest.raises(ConfigError, match="'model.kind' must be one of dirv_net, .*toy"):
        load_run_of_kind = {**RUN, "model": {"kind": "ty"}}
        (tmp_path / "run.yaml").write_text(yaml.safe_dump(load_run_of_kind))
        load_run(tmp_path / "run.yaml")


def test_settings_of_another_family_are_refused(tmp_path):
    path = tmp_path / "run.yaml"
    path.write_text(yaml.safe_dump({**RUN, "training": {**RUN["training"], "checkpoint_units": True}}))
    with pytest.raises(ConfigError, match="'training.checkpoint_units' must be left out for 'model.kind' toy"):
        load_run(path)


def test_a_run_file_trains_it_and_says_what_it_is(run):
    card = json.loads((run / "weights.json").read_text())
    assert card["network"] == "toy" and card["model"]["channels"] == 3 and card["input"]["normalization"] == "type"
    assert card["parameters"] == 3 * 3 * 2 * 3 + 3 + 3 * 3 * 3 * 2 + 2
    tested = json.loads((run / "metrics.json").read_text())["test"]
    assert {"l_int", "dl_int_finest", "endpoint_error"} <= set(tested) and all(map(np.isfinite, tested.values()))
    network = load_weights_file(run)
    assert network.card["run"] == "toy-run" and network.normalization == "type"
    assert list(network.named_variables()) == ["features/kernel", "features/bias", "field/kernel", "field/bias"]


def test_it_is_watched_in_tensorboard(run):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    events = EventAccumulator(str(run / "tensorboard" / "train"))
    events.Reload()
    names = {tag for kind in ("scalars", "tensors", "images") for tag in events.Tags()[kind]}
    assert {"1 overview/loss", "8 training/gradient norm", "A registration/pair 0"} <= names
    assert "6 mean length of the field (px), level 0/stage 0" in names


def test_it_goes_on_from_its_weights_and_from_no_other(run, tmp_path):
    path = tmp_path / "run.yaml"
    path.write_text(yaml.safe_dump({**RUN, "training": {**RUN["training"], "epochs": 1, "start_from": str(run)}}))
    assert main(["train", str(path), "--output", str(tmp_path / "on"), "--no-tensorboard"]) == 0
    assert json.loads((tmp_path / "on" / "run.json").read_text())["started_from"]["run"] == "toy-run"


def test_starting_from_weights_of_another_family_is_refused(tmp_path, capsys):
    path = tmp_path / "run.yaml"
    path.write_text(yaml.safe_dump({**RUN, "training": {**RUN["training"], "start_from": "A-6"}}))
    assert main(["train", str(path), "--output", str(tmp_path / "on")]) == 2
    assert "weights of a network of the run's kind, toy. Received: dirv_net in A-6" in capsys.readouterr().err


def test_info_shows_and_lists_it(run, monkeypatch, tmp_path, capsys):
    assert main(["info", str(run)]) == 0
    assert "toy" in capsys.readouterr().out
    save_weights_file(load_weights_file(run), tmp_path / "zoo" / "untested")
    monkeypatch.setattr(pretrained, "WEIGHTS_FOLDER", tmp_path / "zoo")
    assert main(["info"]) == 0
    # A card without data and test metrics, as of any network that was saved by hand.
    assert "untested    toy  2D      113 parameters\n" in capsys.readouterr().out


def test_register_takes_the_network_and_its_folder_alike(run, pair, tmp_path):
    by_folder = dirv_tf.register(*pair, model=run)
    by_network = dirv_tf.register(*pair, model=load_weights_file(run))
    np.testing.assert_array_equal(by_folder.flow_field, by_network.flow_field)
    assert by_folder.flow_field.shape == (21, 30, 2) and np.abs(by_folder.flow_field).max() > 0
    assert main(["register", *map(str, pair), "--model", str(run), "-o", str(tmp_path / "out")]) == 0
    assert (tmp_path / "out" / "flow_field.npz").is_file()


def test_refinement_runs_on_it(run, pair):
    refined = dirv_tf.register(*pair, model=run, refine=3)
    metrics = refined.metrics()
    assert metrics["l_int_after"] <= metrics["l_int_before"]


def test_the_report_shows_it(run, tmp_path):
    assert main(["report", str(run), "-o", str(tmp_path / "page")]) == 0
    assert "toy-run" in (tmp_path / "page" / "index.html").read_text(encoding="utf-8")


def test_a_card_of_an_unknown_network_is_refused_with_advice(run, tmp_path):
    for name in ("weights.json", "weights.npz"):
        (tmp_path / name).write_bytes((run / name).read_bytes())
    card = json.loads((tmp_path / "weights.json").read_text())
    (tmp_path / "weights.json").write_text(json.dumps({**card, "network": "elsewhere"}))
    with pytest.raises(WeightFileError, match="card of a known network.*DIRV_TF_PLUGINS.*kind='elsewhere'"):
        load_weights_file(tmp_path)


def test_a_network_without_a_field_is_told_so(toy):
    class Silent(toy):
        def call(self, inputs):
            return {"displacement": self.checked_pair(inputs)[0]}

    network = Silent()
    image = tf.zeros([1, 16, 16, 1])
    with pytest.raises(ValueError, match=r"a Silent must return a dictionary with a 'flow_field'.*\['displacement'\]"):
        network.completed((image, image), network((image, image)))


def _other_stack():
    here = Path(sys.executable).parent.parent
    names = {".venv": ".venv-modern", ".venv-modern": ".venv"}
    return here.parent / names.get(here.name, ".venv-modern") / "bin" / "python"


def test_another_process_registers_with_it(run, pair, tmp_path):
    """One of the other stack, where its environment has been made."""
    python = str(_other_stack()) if _other_stack().exists() else sys.executable
    environment = {
        **os.environ,
        registry.PLUGINS_VARIABLE: "toy_network",
        "PYTHONPATH": os.pathsep.join((str(ROOT), str(HERE))),
    }
    command = [python, "-m", "dirv_tf", "register", *map(str, pair), "--model", str(run), "-o", str(tmp_path / "out")]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    field = dirv_tf.io.read_flow_field(tmp_path / "out" / "flow_field.npz").flow_field
    np.testing.assert_allclose(field, dirv_tf.register(*pair, model=run).flow_field, atol=1e-5)
