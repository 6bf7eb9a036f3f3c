import csv
import re
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from dirv_tf import geometry, layers, synthesis
from dirv_tf.losses import CombinedLoss, DisplacementLoss, IntensityLoss
from dirv_tf.metrics import RegistrationErrors
from dirv_tf.models import DIRVNet, PyramidLevel

TABLES = Path(__file__).parents[2] / "experiments" / "reproduction" / "thesis_tables.csv"
SMALL = {"units": (2, 1), "levels": 2, "experts": (3, 2), "kernel_sizes": (5, 3), "knots": 8}


def thesis_runs():
    with TABLES.open(newline="", encoding="utf-8") as file:
        return sorted({(r["run"], *(int(r[k]) for k in ("rank", "levels", "units", "experts", "parameters")))
                       for r in csv.DictReader(file)})


def pair(rank, rng, batch=2, size=(16, 24, 8)):
    size = size[:rank]
    images = rng.random((2, batch, *size, 1)).astype("float32")
    return tuple(map(tf.constant, images)), tf.constant(rng.normal(size=(batch, *size, rank)).astype("float32"))


@pytest.mark.parametrize("run, rank, levels, units, experts, parameters", thesis_runs())
def test_parameter_counts_of_every_run_of_the_thesis(run, rank, levels, units, experts, parameters):
    model = DIRVNet(rank, levels, units, experts, knots=28 if run == "A-7" else 24)
    assert model.count_params() == parameters


@pytest.mark.parametrize("rank", [2, 3])
def test_outputs(rank, rng):
    model = DIRVNet(rank, **SMALL)
    (fixed, moving), _ = pair(rank, rng)
    outputs = model((fixed, moving))
    size = tuple(fixed.shape[1:-1])
    grids = [tuple(n // 8 for n in size), tuple(n // 4 for n in size)]
    assert outputs["flow_field"].shape == (2, *size, rank)
    assert [f.shape for f in outputs["displacement_fields"]] == [(2, n, *g, rank) for n, g in zip((2, 1), grids)]
    finest = outputs["displacement_fields"][-1][:, -1]
    np.testing.assert_allclose(outputs["flow_field"], geometry.interpolate_control_points(finest), atol=1e-6)
    np.testing.assert_allclose(
        outputs["registered_images"][-1], geometry.warp_image(moving, outputs["flow_field"]), atol=1e-6
    )
    np.testing.assert_allclose(outputs["fixed_images"][0], geometry.downsample_image(fixed), atol=1e-6)
    np.testing.assert_array_equal(outputs["moving_images"][1], moving)


@pytest.mark.parametrize("method", ["nearest", "linear"])
def test_levels_hand_the_field_on(method, rng):
    model = DIRVNet(2, **SMALL, field_upsampling=method)
    for unit in model.pyramid_levels[1].variational_units:
        unit.step_size.assign(0.0)
    images, _ = pair(2, rng)
    coarse, fine = (fields[:, -1] for fields in model(images)["displacement_fields"])
    assert np.abs(coarse).max() > 0
    np.testing.assert_array_equal(fine, geometry.upsample_displacement_field(coarse, method))
    assert model.get_config()["field_upsampling"] == method


def test_separate_levels_change_nothing_but_the_gradients_of_the_levels_before(rng, untraced):
    together, separate = DIRVNet(2, **SMALL), DIRVNet(2, **SMALL, separate_levels=True)
    separate.set_weights(together.get_weights())
    images, _ = pair(2, rng)

    def of_finest_level(model):
        with tf.GradientTape() as tape:
            outputs = model(images)
            loss = tf.reduce_sum(tf.square(outputs["flow_field"]))
        coarse, fine = ([unit.step_size for unit in level.variational_units] for level in model.pyramid_levels)
        gradients = tape.gradient(loss, coarse + fine)
        return outputs["flow_field"], gradients[: len(coarse)], gradients[len(coarse) :]

    (field, coarse, fine), (same_field, no_coarse, same_fine) = map(of_finest_level, (together, separate))
    np.testing.assert_allclose(same_field, field, atol=1e-8)
    np.testing.assert_allclose(same_fine, fine, rtol=1e-5)
    assert all(gradient is not None and abs(gradient) > 0 for gradient in coarse)
    assert all(gradient is None for gradient in no_coarse)
    assert DIRVNet.from_config(separate.get_config()).separate_levels


@pytest.mark.parametrize("rank", [2, 3])
@pytest.mark.parametrize("scale", [1, 5])
def test_an_identical_pair_is_left_exactly_as_it_is(rank, scale, rng):
    """Whatever the weights: fresh ones, and ones as large as training makes them."""
    # Step sizes start anywhere between 0 and 0.1; with tiny ones the other pair, too, would be left almost as it is.
    tf.keras.utils.set_random_seed(1)
    model = DIRVNet(rank, **SMALL)
    model.set_weights([scale * weight for weight in model.get_weights()])
    (fixed, moving), _ = pair(rank, rng)
    outputs = model((fixed, fixed))
    assert np.all(outputs["flow_field"] == 0)
    np.testing.assert_array_equal(outputs["registered_images"][-1], fixed)
    assert np.abs(model((fixed, moving))["flow_field"]).max() > 1e-4


def test_free_potentials_push_identical_pairs(rng):
    """The thesis's form: a little at the start, which is the noise that centered potentials do without."""
    (fixed, _), _ = pair(2, rng)
    largest = float(np.abs(DIRVNet(2, levels=1, units=7, centered=False)((fixed, fixed))["flow_field"]).max())
    assert 1e-5 < largest < 0.05


def test_training_recovers_a_translation():
    """A network without any pretraining learns to find shifts of chessboards in a few steps."""
    tf.keras.utils.set_random_seed(1)
    images = synthesis.chessboard_images((32, 32), 3, tf.range(24))
    shifts = tf.random.stateless_uniform([24, 1, 1, 2], [1, 2], -1.5, 1.5)
    fields = tf.tile(shifts, [1, 32, 32, 1])
    dataset = tf.data.Dataset.from_tensor_slices(((geometry.warp_image(images, fields), images), fields)).batch(8)
    model = DIRVNet(2, levels=1, units=2, experts=8)
    model.compile(tf.keras.optimizers.Adam(1e-2), DisplacementLoss(), [RegistrationErrors(1)])
    model.fit(dataset, epochs=20, verbose=0)
    measured = model.evaluate(dataset, verbose=0, return_dict=True)
    assert measured["dl_dis"] > 50 and measured["dl_int"] > 50


@pytest.mark.parametrize("rank", [2, 3])
def test_fit_evaluate_predict_save_and_load(rank, rng, tmp_path, untraced):
    # Two levels, and batches of 3 and 1 pairs, in 2D alone.
    levels, batch = {2: (2, 3), 3: (1, 2)}[rank]
    model = DIRVNet(rank, **{**SMALL, "levels": levels, "units": 1})
    images, field = pair(rank, rng, batch=4)
    dataset = tf.data.Dataset.from_tensor_slices((images, field)).batch(batch)
    # The battery of all networks trains in graphs; tracing them takes longer than these few steps.
    model.compile(tf.keras.optimizers.Adam(1e-3), DisplacementLoss(), [RegistrationErrors(levels)], run_eagerly=True)
    history = model.fit(dataset, epochs=2, verbose=0).history
    assert np.all(np.isfinite(history["loss"])) and {"dl_dis", "dl_int_finest", "folded_percent"} <= set(history)
    # The loss is the level-averaged displacement error, batches weighted by their number of pairs.
    measured = model.evaluate(dataset, verbose=0, return_dict=True)
    assert measured["loss"] == pytest.approx(measured["l_dis"], rel=1e-5)
    predicted = model.predict(dataset, verbose=0)
    assert predicted["flow_field"].shape == field.shape
    assert predicted["displacement_fields"][0].shape[0] == 4

    path = tmp_path / "model.keras"
    model.save(path)
    loaded = tf.keras.models.load_model(path)
    np.testing.assert_array_equal(loaded.predict(dataset, verbose=0)["flow_field"], predicted["flow_field"])
    assert loaded.get_config() == model.get_config()
    # Optimizer, loss and metrics come back too: training goes on.
    assert int(loaded.optimizer.iterations) == int(model.optimizer.iterations) == 4
    assert loaded.evaluate(dataset, verbose=0, return_dict=True) == pytest.approx(measured)
    loaded.fit(dataset.take(1), verbose=0)


def test_unsupervised_and_combined_training(rng, untraced):
    (fixed, moving), field = pair(2, rng)
    model = DIRVNet(2, **SMALL)
    model.compile("adam", IntensityLoss(), [RegistrationErrors(2)], run_eagerly=True)
    history = model.fit(tf.data.Dataset.from_tensors(((fixed, moving),)), verbose=0).history
    assert history["dl_dis"] == [0.0] and np.isfinite(history["l_int"][0])
    model.compile("adam", CombinedLoss(1.0, 5.0), run_eagerly=True)
    assert np.isfinite(model.fit(tf.data.Dataset.from_tensors(((fixed, moving), field)), verbose=0).history["loss"][0])


@pytest.fixture
def double_precision():
    tf.keras.mixed_precision.set_global_policy("float64")
    yield
    tf.keras.mixed_precision.set_global_policy("float32")


@pytest.mark.parametrize("rank", [2, 3])
def test_gradients_of_the_whole_network(rank, rng, double_precision, request):
    """Along a random direction of every variable, the loss changes as its gradient says."""
    units, size = {2: ((2, 1), (16, 24)), 3: ((1, 1), (8, 16, 8))}[rank]
    model = DIRVNet(rank, **{**SMALL, "units": units})
    images, field = (tf.nest.map_structure(lambda x: tf.cast(x, tf.float64), part) for part in pair(rank, rng, 1, size))
    # The start is almost linear; larger weights make every part count.
    start = [4 * weight for weight in model.get_weights()]
    model.set_weights(start)
    variables = [v.value if hasattr(v, "path") else v for v in model.trainable_variables]

    # The parts of a volume's graph have their own tests, compiled; together, they are run as they are written.
    if rank == 3:
        request.getfixturevalue("untraced")

    # One graph for both: the loss alone would be compiled once more.
    @tf.function(autograph=False)
    def loss_and_gradients():
        with tf.GradientTape() as tape:
            value = DisplacementLoss()(field, model(images))
        return value, tape.gradient(value, variables)

    _, gradients = loss_and_gradients()
    assert len(gradients) == 5 * sum(units)
    for index, gradient in enumerate(gradients):
        direction = rng.normal(size=gradient.shape)
        values = []
        for step in (1e-7, -1e-7):
            model.set_weights([w + step * direction if i == index else w for i, w in enumerate(start)])
            values.append(float(loss_and_gradients()[0] if rank == 2 else DisplacementLoss()(field, model(images))))
        expected = float(np.sum(gradient.numpy() * direction))
        assert (values[0] - values[1]) / 2e-7 == pytest.approx(expected, rel=1e-4, abs=1e-7)


def test_several_arguments_per_level_and_axis():
    model = DIRVNet(3, levels=2, units=[1, 2], experts=(2, 3), spacing=(4, 4, 2), knots=6, kernel_sizes=3)
    assert [len(level.variational_units) for level in model.pyramid_levels] == [1, 2]
    assert model.size_multiples == (8, 8, 4)
    images = tf.random.stateless_uniform([1, 16, 8, 4, 1], [1, 2])
    assert model((images, images))["displacement_fields"][-1].shape == (1, 2, 4, 2, 2, 3)
    again = DIRVNet.from_config(model.get_config())
    assert again.get_config() == model.get_config()
    assert list(again.named_variables())[:2] == ["level0/unit0/data_experts/kernels", "level0/unit0/data_experts/knots"]


def test_one_model_takes_any_legal_size_and_batch(as_written):
    model = DIRVNet(2, levels=2, units=1, experts=2)
    function = tf.function(model, input_signature=[[tf.TensorSpec([None, None, None, 1])] * 2])
    for shape in ((1, 8, 16, 1), (3, 24, 8, 1)):
        image = tf.random.stateless_uniform(shape, [3, 4])
        np.testing.assert_allclose(
            function([image, image[:, ::-1]])["flow_field"],
            as_written(model, (image, image[:, ::-1]))["flow_field"],
            atol=1e-6,
        )


@pytest.mark.parametrize(
    "arguments, message",
    [
        ({"rank": 4}, "rank=4"),
        ({"levels": 0}, "levels=0"),
        ({"levels": 2, "units": (1, 2, 3)}, "one per level"),
        ({"spacing": (4, 4, 4)}, "spacing"),
        ({"kernel_sizes": (6, 5)}, "odd"),
        ({"units": 0}, "units=0"),
    ],
)
def test_impossible_arguments(arguments, message):
    with pytest.raises(ValueError, match=message):
        DIRVNet(**arguments)


def test_impossible_images():
    model = DIRVNet(2, levels=3, units=1, experts=2)
    good = tf.zeros([1, 32, 32, 1])
    for bad, message in [
        (tf.zeros([1, 24, 32, 1]), r"multiple of \(16, 16\).*\(32, 32\)"),
        (tf.zeros([1, 32, 32, 3]), "2D model"),
        (tf.zeros([1, 32, 32, 32, 1]), "2D model"),
        (tf.zeros([1, 32, 48, 1]), "same shape"),
        (tf.zeros([1, 32, 32, 1], tf.int32), "floating point"),
    ]:
        with pytest.raises(ValueError, match=message):
            model((good, bad))
    with pytest.raises(ValueError, match="pair"):
        model(good)
    with pytest.raises(ValueError, match="loss=None"):
        model.compile("adam")


def test_a_network_is_made_of_the_library_s_layers(rng, monkeypatch):
    model = DIRVNet(2, **SMALL, spacing=(4, 2))
    of_network = {"downsampling": layers.Downsampling, "upsampling": layers.Upsampling}
    of_units = {"data_experts": layers.FieldOfExperts, "regularizer_experts": layers.FieldOfExperts,
                "data_force": layers.DataForce}
    of_both = {"interpolation": layers.ControlPointInterpolation, "warp": layers.Warp}
    called = []
    for kind in {*of_network.values(), *of_units.values(), *of_both.values()}:
        monkeypatch.setattr(kind, "call", lambda self, x, call=kind.call: (called.append(id(self)), call(self, x))[1])
    model(pair(2, rng)[0])
    units = [unit for level in model.pyramid_levels for unit in level.variational_units]
    for holder, expected in ((model, {**of_network, **of_both}), *((unit, {**of_units, **of_both}) for unit in units)):
        for name, kind in expected.items():
            layer = getattr(holder, name)
            assert type(layer) is kind and layer.name == name and id(layer) in called, (holder.name, name)
    lines = []
    model.summary(print_fn=lambda line, **_: lines.append(line))
    for name in {**of_network, **of_both}:
        assert re.search(rf"\b{name}\b", "\n".join(lines)), name


def test_pyramid_level_works_alone(rng):
    level = PyramidLevel(units=2, experts=2, kernel_sizes=(5, 3), knots=6)
    (fixed, moving), _ = pair(2, rng)
    start = tf.zeros([2, 4, 6, 2])
    fields = level((fixed, moving, start))
    assert fields.shape == (2, 2, 4, 6, 2)
    first = level.variational_units[0]((fixed, moving, start))
    np.testing.assert_allclose(fields[:, 0], first, atol=1e-6)
    np.testing.assert_allclose(fields[:, 1], level.variational_units[1]((fixed, moving, first)), atol=1e-6)
    assert PyramidLevel.from_config(level.get_config()).get_config() == level.get_config()
    with pytest.raises(ValueError, match="units=0"):
        PyramidLevel(units=0)
