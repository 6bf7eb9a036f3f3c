"""A run of a network with a mask head, in two phases: from its file to weights, and what its settings must be."""

import json

import numpy as np
import pytest
import yaml

from dirv_tf.cli.main import main
from dirv_tf.models import VoxelMorph, load_weights_file, save_weights_file
from dirv_tf.training.config.config_loading import load_run
from dirv_tf.training.execution import building
from dirv_tf.training.execution.annotations import check_annotations
from dirv_tf.training.execution.starting_weights import starting_weights
from dirv_tf.validation import ConfigError

BASE = {"kind": "voxelmorph", "encoder": [4], "decoder": [4], "last": [4]}
RUN = {
    "name": "holes",
    "description": "a small network with a mask",
    "model": {"kind": "counterpart", "base": BASE, "features": 2, "halvings": 1},
    "data": {
        "kind": "chessboard", "size": [16, 16], "cell_range": [3, 5], "desensitize": False, "transform": "affine",
        "train_images": 4, "test_images": 4, "lesions": {"chance": 1.0},
    },
    "training": {
        "batch_size": 4, "learning_rate": 1e-3,
        "stages": [{"stage": "base", "epochs": 1}, {"stage": "mask", "epochs": 1, "learning_rate": 1e-2}],
        "terms": [{"kind": "counterpart", "supervision": 1.0}, {"kind": "smoothness", "weight": 0.01}],
    },
    "evaluation": {"batch_size": 4},
}  # fmt: skip


def load(path, **changes):
    content = {**RUN, **{key: {**RUN[key], **values} for key, values in changes.items()}}
    content["training"] = {key: value for key, value in content["training"].items() if value is not None}
    path.write_text(yaml.safe_dump(content))
    return load_run(path)


def test_it_trains_in_two_phases_and_writes_weights(tmp_path, untimed):
    (tmp_path / "run.yaml").write_text(yaml.safe_dump(RUN))
    with untimed():
        assert main(["train", str(tmp_path / "run.yaml"), "--output", str(tmp_path / "run"), "--no-tensorboard"]) == 0
    assert {"loss", "endpoint_error"} <= set(json.loads((tmp_path / "run" / "metrics.json").read_text())["test"])
    history = (tmp_path / "run" / "history.csv").read_text().splitlines()
    assert [line.split(",")[1] for line in history[1:]] == ["base", "mask"]
    network = load_weights_file(tmp_path / "run")
    assert network.similarity == "mse" and network.card["data"]["lesions"]["chance"] == 1.0
    assert network(tuple(np.zeros((1, 16, 16, 1), np.float32) for _ in range(2)))["counterpart_mask"].shape[-1] == 1


def test_it_starts_from_weights_of_its_base(tmp_path):
    base = VoxelMorph(**{key: value for key, value in BASE.items() if key != "kind"})
    save_weights_file(base, tmp_path / "base")
    training = {"start_from": str(tmp_path / "base"), "stages": [{"stage": "mask", "epochs": 2}]}
    config = load(tmp_path / "run.yaml", training=training)
    network, start = building.build_model(config), starting_weights(config)
    start.give_to(network)
    for one, two in zip(network.base_network.variables, base.variables):
        np.testing.assert_array_equal(one, two)
    with pytest.raises(ConfigError, match="'training.stages' must name the stages of the network in their order"):
        load(tmp_path / "run.yaml", training={"stages": [{"stage": "mask", "epochs": 2}]})
    with pytest.raises(ConfigError, match="must be weights of a network with the run's settings: encoder"):
        model = {"base": {**BASE, "encoder": [5], "decoder": [4]}}
        starting_weights(load(tmp_path / "run.yaml", training=training, model=model))


def test_lesions_reach_every_kind_of_data(tmp_path):
    mixture = {
        "kind": "mixture", "size": [16, 16], "train_images": 4, "test_images": 4, "lesions": {"area": [0.1, 0.2]},
        "parts": [{"kind": "chessboard", "cell_range": [3, 5]}, {"kind": "shapes"}],
    }
    content = {**RUN, "data": mixture}
    (tmp_path / "run.yaml").write_text(yaml.safe_dump(content))
    config = load_run(tmp_path / "run.yaml")
    for part in ("train", "test"):
        assert [each["lesions"]["area"] for each in config.data.dataset(part)["parts"]] == [(0.1, 0.2)] * 2
    pairs = {"kind": "pairs", "size": [16, 16], "train_pairs": "a.csv", "test_pairs": "b.csv", "lesions": {}}
    (tmp_path / "run.yaml").write_text(yaml.safe_dump({**content, "data": pairs}))
    assert "lesions" in load_run(tmp_path / "run.yaml").data.dataset("test")
    pairs["lesions"] = {"image": "either"}
    (tmp_path / "run.yaml").write_text(yaml.safe_dump({**content, "data": pairs}))
    with pytest.raises(ConfigError, match="'data.lesions.image' must be fixed for 'data.kind' pairs"):
        load_run(tmp_path / "run.yaml")


def test_what_the_term_needs(tmp_path):
    def checked(**changes):
        config = load(tmp_path / "run.yaml", **changes)
        check_annotations(config, building.training_pairs(config), building.testing_pairs(config))

    checked()
    # Any network can learn to leave pasted lesions aside; a mask of its own needs a head.
    content = {**RUN, "model": BASE, "training": {**RUN["training"], "stages": None, "epochs": 2}}
    (tmp_path / "run.yaml").write_text(yaml.safe_dump(content))
    config = load_run(tmp_path / "run.yaml")
    check_annotations(config, building.training_pairs(config), building.testing_pairs(config))
    content["training"]["terms"] = [{"kind": "counterpart"}]
    (tmp_path / "run.yaml").write_text(yaml.safe_dump(content))
    config = load_run(tmp_path / "run.yaml")
    with pytest.raises(ConfigError, match="needs a network that predicts a mask"):
        check_annotations(config, building.training_pairs(config), building.testing_pairs(config))
    with pytest.raises(ConfigError, match="needs lesion of the pairs .* images of any kind with the section data.lesions"):
        checked(data={"lesions": None})


@pytest.mark.parametrize(
    ("base", "message"),
    [
        ({"kind": "uncertainty"}, "'model.base.kind' must be one of"),
        ({"kind": "counterpart"}, "'model.base.kind' must be one of"),
        ({"kind": "voxelmorph", "encodr": [4]}, "unknown key 'model.base.encodr'. Did you mean 'encoder'"),
    ],
)
def test_a_base_is_checked(tmp_path, base, message):
    with pytest.raises(ConfigError, match=message):
        load(tmp_path / "run.yaml", model={"base": base})
