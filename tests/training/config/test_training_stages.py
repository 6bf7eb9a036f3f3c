"""Which stage of a network is trained when, and from what."""

import numpy as np
import pytest
import yaml

from dirv_tf.models import AVSMLoss
from dirv_tf.training.config.config_loading import load_run
from dirv_tf.training.execution import building
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


AVSM = {"kind": "avsm", "affine_size": 16, "width": 0.0625}
STEPS = [{"stage": "affine", "epochs": 2, "steps": 1}, {"stage": "affine", "epochs": 2}, {"stage": "momentum", "epochs": 1}]


def test_a_stage_that_repeats_itself_does_so_as_often_as_said_in_training(tmp_path):
    config = load(tmp_path, AVSM, epochs=None, stages=STEPS, symmetry=0.5)
    assert [stage.steps for stage in config.stages] == [1, None, None]
    assert config.stages[0].unsupervised == {"similarity": "mk_lncc", "weight": 10.0, "symmetry": 0.5}
    with pytest.raises(ConfigError, match="'training.stages.steps' must be left out for the stage affine of .* dlir"):
        load(tmp_path, epochs=None, stages=[{**STAGES[0], "steps": 2}, STAGES[1]])
    with pytest.raises(ConfigError, match="'training.symmetry' must be left out for 'model.kind' dlir.*symmetry=0.5"):
        load(tmp_path, symmetry=0.5)


def test_every_stage_has_the_loss_of_its_family_and_its_updates(tmp_path):
    config = load(tmp_path, AVSM, epochs=None, stages=STEPS, schedule="halving")
    model = building.build_model(config)
    building.compile_model(model, config, 20, config.stages[0])
    assert isinstance(model._registration_loss, AVSMLoss) and model._registration_loss.updates == 20
    rate = building.learning_rate(config, config.stages[0], 20)
    # After 30, 60 and 90 percent.
    found = [float(rate(step)) for step in (0, 6, 7, 12, 13, 18, 19)]
    np.testing.assert_allclose(found, 1e-3 * np.array([1, 1, 0.5, 0.5, 0.25, 0.25, 0.125]), rtol=1e-6)


def test_the_written_configuration_reads_as_the_same(tmp_path):
    config = load(tmp_path, epochs=None, stages=STAGES)
    (tmp_path / "again.yaml").write_text(yaml.safe_dump(config.as_mapping()))
    again = load_run(tmp_path / "again.yaml")
    assert again == config and again.stages == config.stages and again.training.epochs == 7


@pytest.mark.parametrize(
    ("training", "message"),
    [
        ({"stages": STAGES}, "'training.epochs' must be left out beside 'training.stages'.*add up to 7. Received: .*=5"),
        ({"epochs": None}, "key 'training.epochs' is missing; legal is an integer of at least 1 and at most 1000000000, or a list 'training.stages'"),
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
