"""What a short training leaves for TensorBoard, read back from the event files."""

import io

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from dirv_tf import losses, metrics
from dirv_tf.models import DIRVNet
from dirv_tf.training.monitoring import TensorBoardMonitor

PICTURES = {
    "A registration/pair 0",
    "A registration/pair 1",
    "B flow field/pair 0",
    "B flow field/pair 1",
    "C field after every unit/pair 0",
    "C field after every unit/pair 1",
    "D potentials/level 0",
    "D potentials/level 1",
    "E kernels/level 0",
    "E kernels/level 1",
}
CONFIG = {"name": "A-6 | quick", "model": {"levels": 2, "units": [1, 2]}, "training": {"learning_rate": 1e-3}}


# One size for all tests: every shape is compiled by itself.
def batch(size, supervised=True, pairs=3):
    random = np.random.default_rng(5)
    moving = random.uniform(size=(pairs, *size, 1)).astype(np.float32)
    images = (tf.constant(np.roll(moving, 1, axis=1)), tf.constant(moving))
    field = tf.constant(random.normal(size=(pairs, *size, len(size))), tf.float32)
    return (images, field) if supervised else (images,)


def small_model(rank=2, levels=2, units=(1, 2), loss=None):
    model = DIRVNet(rank, levels, units, experts=3, kernel_sizes=(3, 3), knots=5)
    schedule = tf.keras.optimizers.schedules.CosineDecay(1e-3, decay_steps=4)
    model.compile(
        tf.keras.optimizers.Adam(schedule),
        loss or losses.DisplacementLoss(),
        [metrics.RegistrationErrors(levels)],
        # Tracing and compiling would take longer than these few steps.
        run_eagerly=True,
    )
    return model


def fit(monitor, model, element, epochs, **options):
    return model.fit(tf.data.Dataset.from_tensors(element), epochs=epochs, callbacks=[monitor], verbose=0, **options)


def read(folder):
    """Event files of one folder: tag to steps, tag to list of values."""
    accumulator = EventAccumulator(str(folder), size_guidance={"tensors": 0}).Reload()
    # TensorBoard orders files by their names, which hold the second and, as text, a number: two trainings within one
    # second, which only a test starts, may change places.
    events = {
        tag: sorted(accumulator.Tensors(tag), key=lambda event: event.wall_time)
        for tag in accumulator.Tags()["tensors"]
    }
    steps = {tag: [event.step for event in of_tag] for tag, of_tag in events.items()}
    values = {tag: [tf.make_ndarray(event.tensor_proto) for event in of_tag] for tag, of_tag in events.items()}
    return steps, values


def pictures_in(steps):
    return {tag for tag in steps if tag[0] in "ABCDE"}


def check_picture(value):
    width, height, encoded = value
    picture = np.asarray(Image.open(io.BytesIO(encoded)))
    assert picture.shape == (int(height), int(width), 3)
    assert all(150 < side < 2500 for side in picture.shape[:2])
    assert picture.std() > 5.0


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A training of two epochs with validation, and its test."""
    folder = tmp_path_factory.mktemp("run") / "tensorboard"
    element = batch((16, 24))
    model = small_model()
    monitor = TensorBoardMonitor(folder, element, run_config=CONFIG)
    history = fit(monitor, model, element, 2, validation_data=tf.data.Dataset.from_tensors(element))
    results = model.evaluate(tf.data.Dataset.from_tensors(element), return_dict=True, verbose=0)
    monitor.write_test(results, epoch=2)
    return folder, model, history.history, results


def test_pictures_of_every_epoch_and_of_the_start(run):
    steps, values = read(run[0] / "train")
    assert pictures_in(steps) == PICTURES
    for tag in PICTURES:
        assert steps[tag] == [0, 1, 2]
        for value in values[tag]:
            check_picture(value)


def test_pictures_change_while_the_network_learns(run):
    _, values = read(run[0] / "train")
    first, last = values["B flow field/pair 0"][0], values["B flow field/pair 0"][-1]
    assert first[2] != last[2]


@pytest.mark.parametrize(
    "tag, key",
    [
        ("1 overview/loss", "loss"),
        ("1 overview/endpoint error (px)", "endpoint_error"),
        ("1 overview/folded pixels (%)", "folded_percent"),
        ("2 displacement reduction (%)/average of the levels", "dl_dis"),
        ("2 displacement reduction (%)/finest level", "dl_dis_finest"),
        ("3 displacement loss (px)/level 0", "l_dis_level0"),
        ("3 displacement loss (px)/level 1", "l_dis_level1"),
        ("4 intensity reduction (%)/level 1", "dl_int_level1"),
        ("5 intensity loss (× 255)/finest level", "l_int_finest"),
    ],
)
def test_training_validation_and_test_values_share_names(run, tag, key):
    folder, _, history, results = run
    (_, training), (_, validation), (test_steps, test) = (
        read(folder / name) for name in ("train", "validation", "test")
    )
    np.testing.assert_allclose(training[tag], history[key], rtol=1e-6)
    np.testing.assert_allclose(validation[tag], history[f"val_{key}"], rtol=1e-6)
    np.testing.assert_allclose(test[tag], [results[key]], rtol=1e-6)
    assert test_steps[tag] == [2]


def test_step_sizes_and_saturation_of_every_unit(run):
    folder, model, _, _ = run
    steps, values = read(folder / "train")
    for level, unit in ((0, 0), (1, 0), (1, 1)):
        tag = f"6 step size |α|, level {level}/unit {unit}"
        assert steps[tag] == [0, 1, 2]
        expected = float(model.pyramid_levels[level].variational_units[unit].absolute_step_size)
        assert values[tag][-1] == pytest.approx(expected)
        for term in ("data term", "regularizer"):
            shares = values[f"7 saturation (% of filter responses), level {level}/unit {unit} {term}"]
            assert all(0.0 <= share <= 100.0 for share in shares)
    assert len([tag for tag in steps if tag.startswith("6 ")]) == 3


def test_learning_rate_follows_the_schedule(run):
    folder, _model, _, _ = run
    _, values = read(folder / "train")
    rates = values["8 training/learning rate"]
    assert rates[0] > rates[1] > 0.0
    assert all(seconds > 0.0 for seconds in values["8 training/seconds per epoch"])


def test_configuration_is_a_table(run):
    _, values = read(run[0] / "train")
    table = values["configuration"][0].item().decode()
    assert "| model.units | [1, 2] |" in table and "| name | A-6 \\| quick |" in table


@pytest.mark.parametrize("supervised", [True, False])
def test_volumes_with_and_without_truth(tmp_path, supervised):
    element = batch((8, 12, 16), supervised)
    model = small_model(3, 1, 1, None if supervised else losses.IntensityLoss())
    fit(TensorBoardMonitor(tmp_path, element, samples=1), model, element, 1)
    steps, values = read(tmp_path / "train")
    assert pictures_in(steps) == {tag for tag in PICTURES if not tag.endswith("1")}
    for tag in pictures_in(steps):
        check_picture(values[tag][-1])


def test_pictures_every_so_many_epochs_and_at_the_end_do_not_change_the_training(tmp_path):
    element = batch((16, 24))
    losses_seen = []
    for every in (None, 0, 2):
        monitors = []
        if every is not None:
            monitors.append(TensorBoardMonitor(tmp_path / str(every), element, pictures_every=every, samples=1))
        tf.keras.utils.set_random_seed(11)
        data, model = tf.data.Dataset.from_tensors(element), small_model(2, 1, 1)
        losses_seen.append(model.fit(data, epochs=3, callbacks=monitors, verbose=0).history["loss"])
    assert losses_seen[0] == losses_seen[1] == losses_seen[2]
    for every, expected in ((0, None), (2, [0, 2, 3])):
        steps, _ = read(tmp_path / str(every) / "train")
        assert steps.get("A registration/pair 0") == expected
        assert steps["1 overview/loss"] == [1, 2, 3]


def test_a_resumed_training_goes_on_counting(tmp_path):
    element = batch((16, 24))
    model = small_model(2, 1, 1)
    fit(TensorBoardMonitor(tmp_path, element, pictures_every=0), model, element, 1)
    fit(TensorBoardMonitor(tmp_path, element, pictures_every=0), model, element, 2, initial_epoch=1)
    steps, _ = read(tmp_path / "train")
    assert steps["1 overview/loss"] == [1, 2]
    assert steps["6 step size |α|, level 0/unit 0"] == [0, 1, 2]


@pytest.mark.parametrize(
    "argument", [{"pictures_every": -1}, {"pictures_every": 1.5}, {"samples": 0}, {"samples": True}]
)
def test_impossible_numbers_raise(tmp_path, argument):
    (name,) = argument
    with pytest.raises(ValueError, match=f"`{name}`.*Received: {name}="):
        TensorBoardMonitor(tmp_path, batch((16, 24)), **argument)


def test_another_model_raises(tmp_path):
    monitor = TensorBoardMonitor(tmp_path, batch((16, 24)))
    monitor.set_model(tf.keras.Sequential([tf.keras.layers.Dense(1)]))
    with pytest.raises(TypeError, match="RegistrationNetwork. Received: model of type Sequential"):
        monitor.on_train_begin()
