"""Which stage of a network is trained when, and from what."""

import pytest
import yaml

from dirv_tf.training.config.config_loading import load_run
from dirv_tf.validation import ConfigError

RUN = {
    "name": "mine",
    "description": "stages",
    "model": {"kind": "dlir", "spline_resolutions": [1], "spline_spacings": [8]},
    "data": {"kind": "chessboard", "size": [16, 16], "train_images": 8, "test_images": 4},
    "training": {"epochs": 5, "batch_size": 4, "learning_rate": 1e-3, "loss": "unsupervised"},
}
STAGES = [{"stage": "affine", "epochs": 3}, {"stage": "spline0", "epochs": 4, "learning_rate": 2e-3, "loss": "intensity"}]


def load(tmp_path, model=None, **training):
    training = {**RUN["training"], **training}
    content = {
        **RUN,
        "model": model or RUN["model"],
        "training": {key: value for key, value in training.items() if value is not None},
    }
    (tmp_path / "run.yaml").write_text(yaml.safe_dump(content))
    return load_run(tmp_path / "run.yaml")


def test_epochs_are_shared_evenly_where_nothing_is_said(tmp_path):
    config = load(tmp_path)
    parts = [(stage.name, stage.first_epoch, stage.last_epoch, stage.learning_rate) for stage in config.stages]
    assert parts == [("affine", 0, 3, 1e-3), ("spline0", 3, 5, 1e-3)]
    # As the family was published.
    assert config.stages[1].unsupervised == {"similarity": "ncc", "regularizer": "bending", "weight": 0.05}


def test_a_network_without_stages_is_trained_in_one(tmp_path):
    config = load(tmp_path, {"kind": "voxelmorph"}, similarity="lncc", regularization=1.0)
    (stage,) = config.stages
    assert (stage.name, stage.first_epoch, stage.last_epoch, stage.loss) == ("all", 0, 5, "unsupervised")
    assert stage.unsupervised == {"similarity": "lncc", "regularizer": "diffusion", "weight": 1.0}


def test_every_stage_has_its_own_epochs_rate_and_loss(tmp_path):
    stages = [{**STAGES[0], "similarity": "mse", "regularization": 0.0}, STAGES[1], {"stage": "spline0", "epochs": 1}]
    config = load(tmp_path, epochs=None, stages=stages, similarity="mind")
    assert config.training.epochs == 8
    affine, spline, again = config.stages
    assert affine.unsupervised == {"similarity": "mse", "regularizer": "bending", "weight": 0.0}
    assert (spline.first_epoch, spline.last_epoch, spline.learning_rate, spline.loss) == (3, 7, 2e-3, "intensity")
    assert (again.last_epoch, again.learning_rate, again.loss) == (8, 1e-3, "unsupervised")
    assert again.unsupervised["similarity"] == "mind"


def test_the_written_configuration_reads_as_the_same(tmp_path):
    config = load(tmp_path, epochs=None, stages=STAGES)
    (tmp_path / "again.yaml").write_text(yaml.safe_dump(config.as_mapping()))
    again = load_run(tmp_path / "again.yaml")
    assert again == config and again.stages == config.stages and again.training.epochs == 7


@pytest.mark.parametrize(
    ("training", "message"),
    [
        ({"stages": STAGES}, "'training.epochs' must be left out beside 'training.stages'.*add up to 7. Received: .*=5"),
        ({"epochs": None}, "key 'training.epochs' is missing; legal is an integer of at least 1, or a list 'training.stages'"),
        ({"epochs": 1}, r"at least the number of stages of the network, 2 \(affine, spline0\). Received: .*=1"),
        ({"epochs": None, "stages": STAGES[:1]}, "in their order, affine, spline0. Received: affine"),
        ({"epochs": None, "stages": STAGES[::-1]}, "in their order, affine, spline0. Received: spline0, affine"),
        ({"epochs": None, "stages": "affine"}, "'training.stages' must be a list of mappings"),
        ({"epochs": None, "stages": [{"stage": "affine"}]}, r"key 'training.stages\[0\].epochs' is missing"),
        ({"epochs": None, "stages": [{**STAGES[0], "rate": 1}]}, r"unknown key 'training.stages\[0\].rate'"),
        ({"loss": "intensity", "similarity": "ncc"}, "'training.similarity' must be left out unless 'training.loss' is uns"),
        ({"loss": "intensity", "regularization": 0.0}, "'training.regularization' must be left out unless"),
    ],
)
def test_wrong_stages_are_named(tmp_path, training, message):
    with pytest.raises(ConfigError, match=message):
        load(tmp_path, **training)
