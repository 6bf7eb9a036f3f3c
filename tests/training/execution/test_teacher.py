"""Runs whose pairs get their fields from a teacher: what is found, kept, read and refused."""

import importlib
import pickle
import shutil
import types

import numpy as np
import pytest
import tifffile
import yaml

import dirv_tf
from dirv_tf.io.folder_lock import folder_lock
from dirv_tf.report import pictures
from dirv_tf.report.run_record import find_runs
from dirv_tf.training.config import teacher_settings
from dirv_tf.training.config.config_loading import load_run
from dirv_tf.training.execution import building, teaching
from dirv_tf.training.execution.plan import plan
from dirv_tf.training.execution.run import execute
from dirv_tf.training.execution.run_folder import RunFolder
from dirv_tf.training.execution.weights_card import weights_card
from dirv_tf.validation import ConfigError
from dirv_tf.worker_processes import Died

RUN = """\
name: student
description: Learns from a teacher
model: {kind: voxelmorph, encoder: [4], decoder: [4], last: [4]}
data: {kind: chessboard, size: [32, 32], transform: affine, train_images: 6, test_images: 2}
training: {epochs: 3, batch_size: 2, learning_rate: 1e-3, distinct_epochs: 2, teacher: {folder: fields}}
evaluation: {batch_size: 2}
"""


def config(folder, **overrides):
    (folder / "student.yaml").write_text(RUN)
    return load_run(folder / "student.yaml", overrides={key.replace("__", "."): each for key, each in overrides.items()})


def find(run):
    lines = []
    teaching.find_teacher_fields(run, building.training_pairs(run), building.testing_pairs(run), lines.append)
    return lines


def files(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*.npy"))


def brightness(fixed, moving, model=None, **options):
    """Stand in for `register`, which takes long: a field that is a function of the pair."""
    field = np.stack([fixed - moving, fixed + moving, moving][: fixed.ndim], axis=-1)
    return types.SimpleNamespace(flow_field=field)


@pytest.fixture
def quick_teacher(monkeypatch):
    monkeypatch.setattr(teaching, "register", brightness)


@pytest.fixture(scope="module")
def taught(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(teaching, "register", brightness)
        patch.setattr(teaching, "_SECONDS_BETWEEN", 0.0)
        folder = tmp_path_factory.mktemp("taught")
        run = config(folder)
        return folder, run, find(run)


def test_every_pair_that_the_training_draws_gets_the_field_of_the_teacher(taught):
    folder, run, lines = taught
    # The last batch of every epoch is the frozen one, of epoch 0; the pairs of the test have known fields.
    expected = [f"train/epoch-{epoch:04d}/{number:07d}.npy" for epoch in (1, 2) for number in range(4)]
    expected += [f"train/epoch-0000/{number:07d}.npy" for number in (4, 5)]
    assert files(folder / "fields") == sorted(expected)
    assert "10 fields of pairs to train with, 0 of them found before" in lines[0]
    assert lines[1].startswith("  2 of 10 fields, ") and lines[1].endswith(" left") and "10 fields in" in lines[-1]
    batches = list(building.training_pairs(run).training(epochs=3))
    assert len(batches) == 9
    for (fixed, moving), field in batches:
        for one, other, of_teacher in zip(fixed.numpy(), moving.numpy(), field.numpy()):
            np.testing.assert_allclose(of_teacher, brightness(one[..., 0], other[..., 0]).flow_field, atol=1e-4)
    # Epoch 3 is epoch 1 again, epoch 2 is another.
    np.testing.assert_array_equal(batches[6][1], batches[0][1])
    assert np.abs(batches[3][1] - batches[0][1]).max() > 0.1
    assert not isinstance(building.testing_pairs(run), dirv_tf.datasets.TaughtPairs)


def test_the_teacher_is_register_with_the_options_of_the_run(tmp_path):
    options = {"model": "best-2d", "align": "none", "effort": "fast"}
    run = config(
        tmp_path, data__train_images=1, training__batch_size=1, training__epochs=1,
        **{f"training__teacher__{key}": value for key, value in options.items()},
    )  # fmt: skip
    find(run)
    pairs = building.training_pairs(run)
    _, fixed, moving = pairs.untaught_batch(0, 0)
    expected = dirv_tf.register(fixed[0, ..., 0], moving[0, ..., 0], **options).flow_field
    _, field = pairs.frozen_batch()
    np.testing.assert_allclose(field[0], expected, atol=1e-5)
    assert np.abs(expected).max() > 0.1


def test_a_stopped_command_goes_on_and_other_networks_read_the_same_fields(taught, tmp_path, quick_teacher):
    folder, _, _ = taught
    shutil.copytree(folder / "fields", tmp_path / "fields")
    lost, kept = (tmp_path / f"fields/train/epoch-0001/000000{number}.npy" for number in (2, 3))
    before, written = np.load(lost), kept.stat().st_mtime_ns
    lost.unlink()
    lines = find(config(tmp_path, model__encoder=[8], training__epochs=2))
    assert "9 of them found before" in lines[0]
    np.testing.assert_allclose(np.load(lost), before, atol=1e-6)
    assert kept.stat().st_mtime_ns == written


def test_several_processes_share_the_batches(taught, tmp_path, quick_teacher, monkeypatch):
    asked = []

    def each_in_processes(target, tasks, processes):
        asked.append(processes)
        module, _, name = target.partition(":")
        for index, task in enumerate(pickle.loads(pickle.dumps(tasks))):
            yield index, getattr(importlib.import_module(module), name)(task)

    monkeypatch.setattr(teaching, "each_in_processes", each_in_processes)
    find(config(tmp_path, training__teacher__processes=2))
    assert asked == [2] and files(tmp_path / "fields") == files(taught[0] / "fields")
    # One that dies is said; what is found stays, and only the rest is asked for again.
    shutil.rmtree(tmp_path / "fields/train/epoch-0002")
    monkeypatch.setattr(teaching, "each_in_processes", lambda *_: (each for each in [(1, Died("killed"))]))
    with pytest.raises(ChildProcessError, match="batch 1 of epoch 2: killed"):
        find(config(tmp_path, training__teacher__processes=2))
    assert len(files(tmp_path / "fields")) == 6


def test_real_pairs_are_trained_and_tested_by_the_teacher(tmp_path, untimed, quick_teacher):
    (fixed, moving), _ = dirv_tf.datasets.ChessboardPairs((32, 32), 1, 1).frozen_batch()
    for name, image in (("fixed", fixed), ("moving", moving)):
        tifffile.imwrite(tmp_path / f"{name}.tif", image.numpy()[0, ..., 0])
        tifffile.imwrite(tmp_path / f"{name}_labels.tif", (image.numpy()[0, ..., 0] > 0.5).astype(np.uint8))
    for part, names in (("train", ("fixed", "moving")), ("test", ("moving", "fixed"))):
        row = ",".join([f"{name}.tif" for name in names] + [f"{name}_labels.tif" for name in names])
        (tmp_path / f"{part}.csv").write_text(f"fixed,moving,fixed_labels,moving_labels\n{row}\n")
    raw = yaml.safe_load(RUN)
    raw["data"] = {"kind": "pairs", "size": [32, 32], "pad": True, "train_pairs": "train.csv", "test_pairs": "test.csv"}
    raw["training"] |= {"epochs": 1, "batch_size": 1, "terms": [{"kind": "own"}, {"kind": "labels"}]}
    (tmp_path / "real.yaml").write_text(yaml.safe_dump(raw))
    run = load_run(tmp_path / "real.yaml")
    measured = execute(run, RunFolder(tmp_path / "run"), tensorboard=False, report=[].append)
    assert measured["l_dis"] > 0 and "dice" in measured
    assert files(tmp_path / "fields") == ["test/epoch-0000/0000000.npy", "train/epoch-0000/0000000.npy"]
    shutil.copytree(tmp_path / "fields", tmp_path / "elsewhere")
    shutil.rmtree(tmp_path / "fields")
    # A report does without the fields, which need not be kept.
    title, _ = next(pictures._network_pictures(find_runs([tmp_path / "run"])[0]))
    assert title.endswith("of an unseen pair")
    shutil.move(tmp_path / "elsewhere", tmp_path / "fields")
    _, targets = building.testing_pairs(run).first(1).frozen_batch()
    assert set(targets) == {"labels", "flow_field"} and targets["flow_field"].shape == (1, 32, 32, 2)


def test_volumes_have_fields_of_three_components(tmp_path, quick_teacher):
    run = config(tmp_path, data__size=[16, 16, 16], data__train_images=2, data__cell_range=[4, 6], training__epochs=1)
    find(run)
    _, field = building.training_pairs(run).frozen_batch()
    assert field.shape == (2, 16, 16, 16, 3) and np.abs(field).max() > 0


@pytest.mark.parametrize("changes, what", [
    ({"data__max_displacement": 3}, "data"),
    ({"seeds__training": 5}, "seed"),
    ({"training__batch_size": 3}, "batch_size"),
    ({"training__teacher__effort": "best"}, "effort"),
    ({"training__teacher__model": "A-1"}, "model"),
])
def test_fields_of_other_pairs_or_another_teacher_are_not_taken(taught, changes, what):
    with pytest.raises(ConfigError, match=f"fields of this teacher.*whose {what} differ"):
        find(config(taught[0], **changes))


def test_a_folder_of_something_else_and_one_in_use_are_left_alone(tmp_path):
    run = config(tmp_path)
    folder = tmp_path / "fields" / "train"
    with folder_lock(folder), pytest.raises(ConfigError, match="no other process"):
        find(run)
    (folder / "mine.txt").write_text("mine")
    with pytest.raises(ConfigError, match=r"without teacher\.json"):
        find(run)
    assert [path.name for path in folder.iterdir()] == ["mine.txt"]


def test_a_pair_that_cannot_be_registered_is_named_and_the_others_are_kept(tmp_path, monkeypatch):
    calls = []

    def register(fixed, moving, **options):
        calls.append(options)
        if len(calls) == 3:
            raise ValueError("Expected an image. Received: none")
        return brightness(fixed, moving)

    monkeypatch.setattr(teaching, "register", register)
    with pytest.raises(ConfigError, match="pair 0 of epoch 1 to train with: Expected an image"):
        find(config(tmp_path, training__teacher__optimize=False))
    assert len(files(tmp_path / "fields")) == 2
    assert calls[0] == {"model": None, "optimize": False, "effort": "default", "similarity": "auto", "align": None}


@pytest.mark.parametrize("changes, message", [
    ({"training__loss": "unsupervised"}, "unless a loss learns from fields"),
    ({"training__distribution": {"kind": "multi_worker"}}, "found by one command"),
    ({"training__teacher__effort": "most"}, r"training\.teacher\.effort"),
])
def test_settings_that_do_not_fit_are_refused(tmp_path, changes, message):
    with pytest.raises(ConfigError, match=message):
        config(tmp_path, **changes)


@pytest.mark.parametrize("name", ["best-9d", "no/where"])
def test_a_teacher_that_is_not_there_is_refused(tmp_path, name):
    with pytest.raises(ConfigError, match=r"'training\.teacher\.model'"):
        find(config(tmp_path, training__teacher__model=name))
    assert not (tmp_path / "fields").exists()


def test_the_plan_names_the_teacher_and_the_card_says_nothing_of_where_its_fields_lay(tmp_path):
    run = config(tmp_path, training__teacher__model="runs/mine/", training__teacher__optimize=True)
    assert run.training.teacher.folder == str(tmp_path / "fields")
    found = {"versions": {"tensorflow": "2"}, "hardware": {"processor": "one", "cores": 1, "memory_gib": 1, "gpus": []}}
    parts = building.training_pairs(run), building.testing_pairs(run)
    text = "\n".join(plan(run, RunFolder(tmp_path / "run"), *parts, found))
    assert "fields of a teacher (" in text and "optimize=True" in text
    teacher = weights_card(run, {}, None, found)["training"]["teacher"]
    assert (teacher["folder"], teacher["model"]) == ("fields", "mine")


def test_the_settings_know_what_register_takes():
    from dirv_tf.registration.alignment.placement import ALIGNMENTS
    from dirv_tf.registration.optimization.multi_resolution import EFFORTS
    from dirv_tf.registration.optimization.pair_optimization import SIMILARITIES

    expected = (ALIGNMENTS, SIMILARITIES, EFFORTS)
    known = (teacher_settings.ALIGNMENTS, teacher_settings.SIMILARITIES, teacher_settings.EFFORTS)
    assert known == tuple(map(tuple, expected))
