import numpy as np
import pytest
import tensorflow as tf
import tifffile

from dirv_tf import geometry
from dirv_tf.datasets import from_folder


def _pairs(folder, **arguments):
    return from_folder(folder, **{"size": (16, 12), "count": 7, "batch_size": 3, "transform": "affine", **arguments})


def _batches(dataset):
    return [tuple(x.numpy() for x in (fixed, moving, field)) for (fixed, moving), field in dataset]


def _assert_equal(first, second):
    assert len(first) == len(second)
    for one, other in zip(first, second):
        for x, y in zip(one, other):
            np.testing.assert_array_equal(x, y)


@pytest.fixture(scope="module")
def three_epochs(image_folder):
    return _batches(_pairs(image_folder).training(3))


def test_the_field_registers_the_pair(image_folder):
    (fixed, moving), field = _pairs(image_folder, desensitize=False).frozen_batch()
    assert fixed.shape == moving.shape == (1, 16, 12, 1) and field.shape == (1, 16, 12, 2)
    np.testing.assert_array_equal(fixed, geometry.warp_image(moving, field))
    assert (moving.numpy().min(), moving.numpy().max()) == (0, 1)


@pytest.mark.parametrize("normalization", ["joint", "each"])
def test_parts_may_be_deformed_before_patches_are_cut(image_folder, normalization):
    settings = {"size": (18, 20), "desensitize": False, "max_displacement": 2.0, "seed": 5, "batch_size": 6, "count": 6}
    whole = _pairs(image_folder, **{**settings, "count": 2, "batch_size": 2}, patches_per_image=1).frozen_batch()
    whole = [np.concatenate([fixed, moving, field], -1) for fixed, moving, field in zip(*whole[0], whole[1])]
    pairs = _pairs(
        image_folder, **settings, patch_size=(8, 12), patches_per_image=3, deform_first=True, normalization=normalization
    )
    (fixed, moving), field = pairs.frozen_batch()
    assert pairs.size == (8, 12) and fixed.shape == moving.shape == (6, 8, 12, 1) and field.shape == (6, 8, 12, 2)
    places = set()
    for number in range(6):
        windows = np.lib.stride_tricks.sliding_window_view(whole[number // 3], (8, 12), (0, 1))
        near = np.isclose(windows[:, :, 2:], np.moveaxis(field[number].numpy(), -1, 0), atol=1e-6).all((2, 3, 4))
        assert near.sum() == 1, number
        place = tuple(np.argwhere(near)[0])
        places.add((number // 3, place))
        if normalization == "joint":
            # Both images of a pair are stretched alike.
            both = windows[place][:2]
            expected = (both - both.min()) / (both.max() - both.min())
            np.testing.assert_allclose(np.stack([fixed[number, ..., 0], moving[number, ..., 0]]), expected, atol=1e-5)
    assert len(places) > 3
    # The images stand in a random order, so that neither of the two is always the one with the field above.
    assert 0 <= float(tf.reduce_min(moving)) and float(tf.reduce_max(moving)) <= 1


def test_patches_that_are_cut_first_are_those_of_their_size(image_folder):
    one = _batches(_pairs(image_folder).evaluation())
    _assert_equal(one, _batches(_pairs(image_folder, size=(20, 18), patch_size=(16, 12)).evaluation()))
    with pytest.raises(ValueError, match="`deform_first` needs a `patch_size`"):
        _pairs(image_folder, deform_first=True)
    with pytest.raises(ValueError, match="`patch_size` must fit into the image of size"):
        _pairs(image_folder, deform_first=True, patch_size=(24, 8))


def test_even_parts_of_deformed_images_stay_as_they_are(tmp_path):
    image = np.zeros((32, 32), np.uint8)
    image[:4] = np.arange(128, dtype=np.uint8).reshape(4, 32)
    tifffile.imwrite(tmp_path / "a.tif", image)
    settings = {"size": (32, 32), "patch_size": (6, 6), "patches_per_image": 20, "count": 40, "batch_size": 20}
    pairs = _pairs(tmp_path, **settings, deform_first=True, least_contrast=0.0, transform="affine")
    (fixed, moving), _ = pairs.frozen_batch()
    assert np.isfinite(fixed).all() and np.isfinite(moving).all()


def test_batches_do_not_depend_on_the_parallelism_nor_on_the_memory(image_folder, three_epochs):
    _assert_equal(three_epochs, _batches(_pairs(image_folder).training(3, parallel_calls=1)))
    _assert_equal(three_epochs[:3], _batches(_pairs(image_folder, memory_gib=0).training(1, parallel_calls=4)))


def test_a_resumed_run_sees_the_batches_it_would_have_seen(image_folder, three_epochs):
    _assert_equal(three_epochs[3:], _batches(_pairs(image_folder).training(2, first_epoch=1)))


def test_patches_change_between_epochs_but_for_the_frozen_batch(three_epochs):
    first, second = three_epochs[:3], three_epochs[3:6]
    for one, other in zip(first[:-1], second[:-1]):
        assert (one[1] != other[1]).any((1, 2, 3)).all()
    _assert_equal(first[-1:], second[-1:])


def test_the_parts_are_made_of_different_files(image_folder):
    train, test = (_pairs(image_folder, part=part, test_share=0.4) for part in ("train", "test"))
    assert len(train.files) == 3 and len(test.files) == 2
    assert sorted((*train.files, *test.files)) == list(_pairs(image_folder).files)
    with pytest.raises(ValueError, match="`part` must be one of"):
        _pairs(image_folder, part="validation")


def test_an_epoch_gives_every_image_its_turn_where_no_count_is_asked_for(image_folder):
    pairs = _pairs(image_folder, count=None, patches_per_image=2)
    assert (pairs.count, pairs.steps_per_epoch, pairs.size) == (10, 4, (16, 12))


def test_whole_images(tmp_path):
    generator = np.random.default_rng(0)
    images = generator.uniform(size=(2, 16, 20)).astype(np.float32)
    for name, image in zip("ab", images):
        tifffile.imwrite(tmp_path / f"{name}.tif", image)
    pairs = from_folder(tmp_path, transform="affine", normalization="each")
    assert (pairs.size, pairs.count, pairs.batch_size) == ((16, 20), 2, 2)
    moving = np.sort(pairs.frozen_batch()[0][1].numpy(), axis=0)
    low, high = np.percentile(images, (0.5, 99.5), axis=(1, 2), keepdims=True)
    expected = np.sort(np.clip((images - low) / (high - low), 0, 1), axis=0)
    np.testing.assert_allclose(moving[..., 0], expected, atol=1e-6)


def test_volumes():
    pairs = from_folder("data/volumes", size=(12, 16, 8), count=2, batch_size=2, desensitize=False, transform="affine")
    (fixed, moving), field = pairs.frozen_batch()
    assert moving.shape == (2, 12, 16, 8, 1) and field.shape == (2, 12, 16, 8, 3)
    np.testing.assert_array_equal(fixed, geometry.warp_image(moving, field))
    assert 0.05 < moving.numpy().std() < 0.5


@pytest.mark.parametrize(
    ("argument", "value"),
    [("size", 16), ("size", (16,)), ("size", (16, 3)), ("count", 0), ("batch_size", 0), ("on_error", "ignore"),
     ("memory_gib", -1), ("transform", "rigid"), ("seed", -1)],
)
def test_wrong_arguments_are_errors_that_name_them(image_folder, argument, value):
    with pytest.raises(ValueError, match=rf"`{argument}.* must be .*Received: {argument}"):
        _pairs(image_folder, **{argument: value})


def test_a_corrupt_file_is_named(image_folder, tmp_path):
    (tmp_path / "broken.tif").write_bytes(b"II*\x00 broken")
    with pytest.raises(ValueError, match="1 of 1 cannot be used: .*broken.tif"):
        _pairs(tmp_path)
