import numpy as np
import pytest
import tifffile

from dirv_tf.datasets import from_config, from_pairs


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    """Two pairs whose moving image is known from the fixed one, pixel by pixel."""
    folder = tmp_path_factory.mktemp("pairs")
    generator = np.random.default_rng(2)
    lines = ["fixed,moving"]
    for name, shape in (("a", (30, 24)), ("b", (20, 40))):
        fixed = generator.integers(0, 1000, shape).astype(np.int16)
        for kind, image in (("fixed", fixed), ("moving", 1000 - fixed)):
            tifffile.imwrite(folder / f"{name}_{kind}.tif", image)
        lines.append(f"{name}_fixed.tif,{name}_moving.tif")
    path = folder / "pairs.csv"
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


def _pairs(table, **arguments):
    return from_pairs(table, **{"size": (12, 16), "count": 5, "batch_size": 2, **arguments})


def _batches(dataset):
    return [tuple(x.numpy() for x in images) for (images,) in dataset]


def _assert_equal(first, second):
    assert len(first) == len(second)
    for one, other in zip(first, second):
        for x, y in zip(one, other):
            np.testing.assert_array_equal(x, y)


def test_pairs_stay_aligned(table):
    for fixed, moving in _batches(_pairs(table).training(2)):
        assert fixed.shape == moving.shape and fixed.shape[1:] == (12, 16, 1) and fixed.dtype == np.float32
        # Where the fixed image is f, the moving one is 1000 - f: stretched by one common range their sum is even.
        assert np.ptp(fixed + moving, axis=(1, 2, 3)).max() < 1e-5
        assert np.minimum(fixed, moving).min() == 0 and np.maximum(fixed, moving).max() == 1


def test_each_image_can_be_stretched_by_itself(table):
    for fixed, moving in _batches(_pairs(table, normalization="each").evaluation()):
        for image in (fixed, moving):
            assert (image.min((1, 2, 3)) == 0).all() and (image.max((1, 2, 3)) == 1).all()


def test_batches_depend_on_seed_epoch_and_number_alone(table):
    epochs = _batches(_pairs(table).training(3))
    assert [len(fixed) for fixed, _ in epochs] == [2, 2, 1] * 3
    _assert_equal(epochs, _batches(_pairs(table, memory_gib=0).training(3, parallel_calls=4)))
    _assert_equal(epochs[6:], _batches(_pairs(table).training(1, first_epoch=2, parallel_calls=1)))
    frozen = [tuple(image.numpy() for image in _pairs(table).frozen_batch()[0])]
    for last in (epochs[2:3], epochs[5:6], _batches(_pairs(table).evaluation())[-1:]):
        _assert_equal(last, frozen)
    assert (epochs[0][0] != epochs[3][0]).any((1, 2, 3)).all()


def test_the_first_pairs_share_the_images(table):
    pairs = _pairs(table)
    smaller = pairs.first(3)
    assert (smaller.count, smaller.batch_size, smaller.steps_per_epoch, pairs.count) == (3, 2, 2, 5)
    _assert_equal(_batches(pairs.evaluation())[:1], _batches(smaller.evaluation())[:1])
    assert (pairs.first(1).batch_size, pairs.first(9).count) == (1, 5)


def test_paths_can_be_given_as_well(table):
    files = _pairs(table).files
    assert [fixed.name for fixed, _ in files] == ["a_fixed.tif", "b_fixed.tif"]
    given = from_pairs([(str(fixed), moving) for fixed, moving in files], size=(12, 16), patches_per_image=3)
    assert given.files == files and given.count == 6
    listed = from_config({"kind": "pairs", "pairs": str(table), "size": [12, 16]})
    assert listed.files == files and listed.count == 8


@pytest.mark.parametrize("pairs", [[], [("a.tif",)], ["a.tif", "b.tif"], [("a", "b", "c")]])
def test_what_are_no_pairs_is_an_error(pairs):
    with pytest.raises(ValueError, match="`pairs` must be .*Received: pairs="):
        from_pairs(pairs)


def test_images_of_different_shape_are_no_pair(table):
    (first, _), (_, second) = _pairs(table).files
    with pytest.raises(ValueError, match=r"one shape. Received: shapes=\[\(30, 24\), \(20, 40\)\]"):
        from_pairs([(first, second)])
