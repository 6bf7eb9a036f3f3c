"""The uncertainty of a field of any program, of a result, and of a registration in a folder."""


import numpy as np
import pytest
import tensorflow as tf

import dirv_tf
from dirv_tf import figures, io
from dirv_tf.models import RegistrationNetwork, UncertaintyNetwork, save_weights_file
from dirv_tf.registration import sampled_fields
from dirv_tf.registration.maps.linear_map import LinearMap
from dirv_tf.registration.networks import pieces


def network_of(rank=2, **arguments):
    tf.keras.utils.set_random_seed(3)
    return UncertaintyNetwork(rank, features=3, halvings=2, normalization="joint", **arguments)


@pytest.fixture
def pair(rng):
    fixed = np.kron(rng.random((6, 7)), np.ones((8, 8)))[:45, :51].astype(np.float32)
    field = rng.normal(0, 1, (45, 51, 2)).astype(np.float32)
    return fixed, np.roll(fixed, 2, axis=0), field


@pytest.mark.parametrize("warp_moving", [False, True])
def test_of_any_size_it_is_what_the_network_says(pair, warp_moving):
    fixed, moving, field = pair
    network = network_of(warp_moving=warp_moving)
    found = dirv_tf.uncertainty(fixed, moving, field, network, normalize="type")
    assert found.shape == field.shape and found.dtype == np.float32
    size = (slice(None), slice(0, 44), slice(0, 48))
    batch = [each[None, ..., None] for each in (fixed, moving)]
    if warp_moving:
        warped = dirv_tf.geometry.warp_image(batch[1], field[None])
        network = network_of()
        batch[1] = warped.numpy()
    expected = network((*(each[size] for each in batch), field[None][size]))["standard_deviation"][0]
    # Away from the far ends, which are continued here and cut off there.
    inner = tuple(slice(None, side - network.halo[0]) for side in (44, 48))
    np.testing.assert_allclose(found[inner], expected[inner], atol=1e-5)


def test_an_image_in_pieces_gives_the_same(pair, monkeypatch):
    fixed, moving, field = pair
    network = network_of(warp_moving=True)
    whole = dirv_tf.uncertainty(fixed, moving, field, network)
    monkeypatch.setattr(pieces, "_LARGEST_PIECE", 100)
    np.testing.assert_allclose(dirv_tf.uncertainty(fixed, moving, field, network), whole, atol=1e-5)


def test_a_linear_part_is_applied_first(pair):
    fixed, moving, field = pair
    network = network_of()
    turn = LinearMap(np.array([[0.0, -1.0], [1.0, 0.0]]), np.array([50.0, 0.0]))
    # The moving image turned by a right angle, the components of the field exchanged.
    turned = np.ascontiguousarray(np.rot90(moving, -1))
    whole = turn.composed(field)
    apart = dirv_tf.uncertainty(fixed, turned, whole, network, normalize="type")
    linear = LinearMap.nearest(whole)
    expected = dirv_tf.uncertainty(
        fixed, linear.sampled(turned, fixed.shape), linear.decomposed(whole), network, normalize="type"
    )
    np.testing.assert_allclose(apart, np.sqrt(expected**2 @ (linear.matrix.T**2)), atol=1e-3)
    assert apart.shape == field.shape


def test_volumes_take_a_network_of_their_own(rng):
    volume, field = rng.random((12, 10, 9)).astype(np.float32), np.zeros((12, 10, 9, 3), np.float32)
    assert dirv_tf.uncertainty(volume, volume, field, network_of(3)).shape == field.shape
    with pytest.raises(ValueError, match="none is shipped. Received: model=None"):
        dirv_tf.uncertainty(volume, volume, field)


def test_files_are_taken(pair, tmp_path):
    fixed, moving, field = pair
    for name, image in (("fixed", fixed), ("moving", moving)):
        io.write_image(tmp_path / f"{name}.tif", image)
    io.write_flow_field(tmp_path / "field.npz", field)
    save_weights_file(network_of(), tmp_path / "weights")
    found = dirv_tf.uncertainty(
        tmp_path / "fixed.tif", tmp_path / "moving.tif", tmp_path / "field.npz", tmp_path / "weights"
    )
    np.testing.assert_allclose(found, dirv_tf.uncertainty(fixed, moving, field, network_of()), atol=1e-5)


def test_what_is_wrong_is_said(pair):
    fixed, moving, field = pair
    with pytest.raises(ValueError, match=r"`flow_field` must be finite and of shape \(45, 51, 2\)"):
        dirv_tf.uncertainty(fixed, moving, field[:4], network_of())
    with pytest.raises(ValueError, match="1 numbers that are not finite"):
        dirv_tf.uncertainty(fixed, moving, _with_nan(field), network_of())
    with pytest.raises(ValueError, match="model for uncertainty of 2D images.*Received: model='A-6', which finds"):
        dirv_tf.uncertainty(fixed, moving, field, "A-6")
    with pytest.raises(ValueError, match="model for registration.*which judges fields and finds none"):
        dirv_tf.register(fixed, moving, model=network_of())
    with pytest.raises(ValueError, match="Expected a model for 2D images.*which is for 3D images"):
        dirv_tf.uncertainty(fixed, moving, field, network_of(3))
    with pytest.raises(ValueError, match="model for uncertainty of 2D.*Received: model='[^']*', which is for dreams"):
        dirv_tf.uncertainty(fixed, moving, field, type("Other", (RegistrationNetwork,), {"task": "dreams"})())


def _with_nan(field):
    changed = field.copy()
    changed[3, 4, 0] = np.nan
    return changed


def test_samples_have_the_field_and_its_deviation(rng):
    field, deviation = rng.normal(size=(24, 20, 2)), rng.uniform(0.5, 2, (24, 20, 2))
    samples = sampled_fields(field, deviation, 120, seed=5)
    np.testing.assert_allclose(samples.mean(axis=0), field, atol=0.8)
    np.testing.assert_allclose(samples.std(axis=0) / deviation, 1, atol=0.3)
    np.testing.assert_array_equal(samples[:2], sampled_fields(field, deviation, 2, seed=5))
    assert np.abs(samples[0] - samples[1]).max() > 0.5
    with pytest.raises(ValueError, match="count=0"):
        sampled_fields(field, deviation, 0)
    with pytest.raises(ValueError, match="seed=-1"):
        sampled_fields(field, deviation, 1, seed=-1)


def test_no_two_samples_of_whatever_seed_are_the_same():
    field, deviation = np.zeros((8, 8, 2), np.float32), np.ones((8, 8, 2), np.float32)
    seeds = [0, 1, 2, 2**31, 2**31 + 1, 2**32, 2**32 + 1, 3 * 2**31]
    samples = np.concatenate([sampled_fields(field, deviation, 5, seed) for seed in seeds])
    assert len(np.unique(samples.reshape(len(samples), -1), axis=0)) == len(samples) == 40


def test_a_result_with_its_uncertainty_is_saved_and_loaded(pair, tmp_path):
    fixed, moving, _ = pair
    result = dirv_tf.register(fixed, moving, model="A-6", normalize="type")
    network = network_of()
    with pytest.raises(ValueError, match="a result of `with_uncertainty`"):
        result.plot_uncertainty()
    judged = result.with_uncertainty(network)
    np.testing.assert_array_equal(judged.standard_deviation, result.uncertainty(network))
    np.testing.assert_array_equal(
        judged.sample_fields(1, seed=2), result.sample_fields(1, seed=2, network=network)
    )
    folder = judged.save(tmp_path / "result")
    assert {"uncertainty.npz", "uncertainty.png"} <= {path.name for path in folder.iterdir()}
    again = dirv_tf.load_result(folder, fixed, moving)
    np.testing.assert_array_equal(again.standard_deviation, judged.standard_deviation)
    assert judged.inverse().standard_deviation is None
    # Replaced by a result without, nothing of the earlier one stays.
    result.save(folder, overwrite=True)
    assert not list(folder.glob("uncertainty.*"))
    assert dirv_tf.load_result(folder, fixed, moving).standard_deviation is None


@pytest.mark.parametrize("suffix", [".npz", ".nii.gz", ".nrrd"])
@pytest.mark.parametrize("rank", [2, 3])
def test_files_hold_pixels_or_millimeters(rng, tmp_path, suffix, rank):
    if suffix != ".npz":
        pytest.importorskip("SimpleITK")
    values = rng.uniform(0.1, 3, (*(7, 6, 5)[:rank], rank)).astype(np.float32)
    path = tmp_path / f"uncertainty{suffix}"
    geometry = io.ImageGeometry.from_pixel_size((2.0, 0.5, 0.25)[:rank])
    io.write_uncertainty(path, values, geometry)
    np.testing.assert_allclose(io.read_uncertainty(path), values, rtol=1e-5)
    if suffix != ".npz":
        import SimpleITK

        stored = SimpleITK.GetArrayFromImage(SimpleITK.ReadImage(str(path)))
        np.testing.assert_allclose(stored[..., -1], 2.0 * values[..., 0], rtol=1e-5)
    with pytest.raises(FileExistsError):
        io.write_uncertainty(path, values)


def test_files_of_something_else_are_refused(tmp_path):
    for values in (np.ones((4, 4, 3)), np.zeros((4, 4, 2)), np.full((4, 4, 2), np.nan)):
        with pytest.raises(ValueError, match="Expected .*Received: "):
            io.write_uncertainty(tmp_path / "uncertainty.npz", values)
    io.write_flow_field(tmp_path / "field.npz", np.ones((4, 4, 2)))
    with pytest.raises(io.UnreadableFileError):
        io.read_uncertainty(tmp_path / "field.npz")


@pytest.mark.parametrize("rank", [2, 3])
def test_the_picture_shows_map_and_legend(rng, rank):
    size = (20, 24, 16)[:rank]
    deviation = np.ones((*size, rank))
    deviation[tuple(side // 2 for side in size)] = 9.0
    figure = figures.uncertainty_figure(rng.random(size), deviation, title="uncertainty")
    texts = [text.get_text() for axes in figure.axes for text in axes.texts]
    assert "px" in texts
    assert any("largest" in axes.get_xlabel() for axes in figure.axes)
    assert figures.figure_to_rgb(figure).ndim == 3


def test_the_shipped_one_is_the_default(pair):
    fixed, moving, field = pair
    small, large = (dirv_tf.uncertainty(fixed, moving, each) for each in (_true(fixed), 3 * field))
    assert np.median(large) > 2 * np.median(small)


def _true(fixed):
    field = np.zeros((*fixed.shape, 2), np.float32)
    field[..., 0] = 2
    return field
