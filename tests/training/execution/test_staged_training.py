"""A network whose stages are trained one after the other, stopped and resumed at and inside their boundaries."""

import json

import numpy as np
import pytest
import tensorflow as tf

from dirv_tf.models import RegistrationNetwork, load_weights_file, register_network, registry
from dirv_tf.models.weight_files import read_card
from dirv_tf.training.config.config_sections import read_section
from dirv_tf.training.config.run_config import RunConfig
from dirv_tf.training.execution.checkpoints import CheckpointFile, finished_epochs
from dirv_tf.training.execution.history import read_history
from dirv_tf.training.execution.interruption import TrainingInterrupted
from dirv_tf.training.execution.run import execute
from dirv_tf.training.execution.run_folder import RunFolder
from dirv_tf.training.execution.staged_training import StagedTraining

RUN = {
    "name": "stages",
    "description": "two stages",
    "model": {"kind": "two_stages"},
    "data": {
        "kind": "chessboard",
        "size": [16, 16],
        "cell_range": [3, 5],
        "transform": "affine",
        "desensitize": False,
        "train_images": 8,
        "test_images": 4,
    },
    "training": {
        "stages": [{"stage": "coarse", "epochs": 2}, {"stage": "fine", "epochs": 2, "learning_rate": 5e-3}],
        "batch_size": 4,
        "learning_rate": 1e-3,
        "schedule": "cosine",
        "loss": "unsupervised",
    },
    "evaluation": {"batch_size": 4},
}


class TwoStages(RegistrationNetwork):
    """The smallest network with stages: a convolution each."""

    kind = "two_stages"
    stages = ("coarse", "fine")

    def __init__(self, rank=2, **kwargs):
        super().__init__(rank, **kwargs)
        self.coarse, self.fine = (tf.keras.layers.Conv2D(2, size, padding="same") for size in (5, 3))

    def start_stage(self, name):
        super().start_stage(name)
        self.coarse.trainable, self.fine.trainable = name == "coarse", name == "fine"

    def call(self, inputs):
        pair = tf.concat(self.checked_pair(inputs), axis=-1)
        fields = [self.coarse(pair)]
        if self.stage != "coarse":
            fields.append(fields[0] + self.fine(pair))
        sampled = tf.stack([field[:, ::4, ::4] for field in fields], axis=1)
        return {"flow_field": fields[-1], "displacement_fields": (sampled,)}


@pytest.fixture(scope="module", autouse=True)
def two_stages():
    """The class, known for the time of this module alone."""
    register_network(TwoStages)
    yield
    registry._registered.pop("two_stages")
    registry._settings.pop("two_stages", None)


@pytest.fixture(scope="module")
def config():
    return read_section(RunConfig, RUN, "the test")


@pytest.fixture(scope="module")
def whole(config, tmp_path_factory):
    """A run from start to end: its folder, its lines, and the weights after every epoch."""
    folder, lines, states = RunFolder.new(config, tmp_path_factory.mktemp("whole") / "run"), [], []
    with pytest.MonkeyPatch.context() as patch:
        written = CheckpointFile.on_epoch_end

        def note(callback, epoch, logs=None):
            written(callback, epoch, logs)
            with np.load(callback.path) as file:
                states.append(dict(file))

        patch.setattr(CheckpointFile, "on_epoch_end", note)
        # The pictures of pairs are those of any run, and take longer than this training.
        patch.setattr("dirv_tf.training.monitoring.tensorboard_monitor.pair_pictures", lambda *_: ())
        execute(config, folder, report=lines.append)
    return folder, lines, states


def without_time(folder):
    return [{key: value for key, value in row.items() if key != "seconds"} for row in read_history(folder.history)]


def test_frozen_stages_keep_their_weights_bit_for_bit(whole):
    _, _, states = whole
    changed = [
        {name.split("/")[1] for name in after if name.startswith("model/") and (after[name] != before[name]).any()}
        for before, after in zip(states, states[1:])
    ]
    assert changed == [{"coarse"}, {"fine"}, {"fine"}]
    # Every stage has a fresh optimizer, whose steps are counted from its beginning.
    counts = [[int(array) for array in state.values() if array.dtype == np.int64 and array.ndim == 0] for state in states]
    assert [max(count[2:] or count) for count in counts] == [2, 4, 2, 4], counts


def test_history_record_and_plan_name_the_stages(whole):
    folder, lines, _ = whole
    rows = read_history(folder.history)
    assert [row["stage"] for row in rows] == ["coarse", "coarse", "fine", "fine"]
    # Every stage begins with its learning rate, which goes to zero by its end.
    rates = [float(row["learning_rate"]) for row in rows]
    np.testing.assert_allclose(rates, [5e-4, 0, 2.5e-3, 0], atol=1e-9)
    stages = json.loads(folder.record.read_text())["stages"]
    assert stages == [{"stage": "coarse", "epochs": [1, 2]}, {"stage": "fine", "epochs": [3, 4]}]
    text = "\n".join(lines)
    assert "stages    coarse in epochs 1 to 2, unsupervised loss, learning rate 0.001" in text
    assert "fine in epochs 3 to 4, unsupervised loss, learning rate 0.005" in text and "ms per step" in text


def test_the_curves_of_tensorboard_go_on_through_the_stages(whole):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    folder, _, _ = whole
    events = EventAccumulator(str(folder.tensorboard / "train"))
    events.Reload()
    steps = {tag: [event.step for event in events.Tensors(tag)] for tag in events.Tags()["tensors"]}
    assert steps["1 overview/loss"] == [1, 2, 3, 4]
    trained = [float(tf.make_ndarray(event.tensor_proto)) for event in events.Tensors("8 training/stage")]
    assert trained == [0, 0, 1, 1]
    texts = [event.tensor_proto.string_val[0].decode() for event in events.Tensors("stage")]
    assert texts == ["From epoch 1 on: coarse", "From epoch 3 on: fine"] and steps["stage"] == [0, 2]
    assert steps["configuration"] == [0]
    # The field after every stage that is there: one while the first is trained, two after it.
    assert steps["6 mean length of the field (px), level 0/stage 1"] == [3, 4]


@pytest.mark.parametrize("epochs", [2, 3], ids=["at the boundary", "inside a stage"])
def test_a_run_that_was_stopped_and_resumed_equals_one_that_was_not(whole, config, epochs, tmp_path, monkeypatch):
    folder = RunFolder.new(config, tmp_path / "run")
    written = CheckpointFile.on_epoch_end

    def stop(callback, epoch, logs=None):
        written(callback, epoch, logs)
        if epoch + 1 == epochs:
            raise TrainingInterrupted

    # That the steps are measured before changes nothing: the whole run measured them, these two do not.
    monkeypatch.setattr(StagedTraining, "say_expected_time", lambda training, request, report: None)
    with monkeypatch.context() as patch, pytest.raises(TrainingInterrupted):
        patch.setattr(CheckpointFile, "on_epoch_end", stop)
        execute(config, folder, tensorboard=False, report=lambda line: None)
    assert finished_epochs(folder.checkpoint) == epochs
    lines = []
    resumed, same = RunFolder.existing(folder.path)
    execute(same, resumed, tensorboard=False, report=lines.append)
    assert f"Going on after epoch {epochs} of 4." in lines
    assert without_time(folder) == without_time(whole[0])
    assert read_card(folder.path)["sha256"] == read_card(whole[0].path)["sha256"]


def test_the_trained_network_is_all_stages_together(whole, config):
    network = load_weights_file(whole[0].path)
    assert network.stage is None and network.stages == ("coarse", "fine")
    card = read_card(whole[0].path)
    assert card["training"]["epochs"] == 4 and len(card["training"]["stages"]) == 2
