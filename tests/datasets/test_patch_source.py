import numpy as np
import pytest
import tifffile

from dirv_tf.datasets.image_groups import ImageGroups
from dirv_tf.datasets.patch_source import PatchSource


def _source(images, size=(8, 12), seed=5, patches_per_image=3, least_contrast=0.0, normalization="joint"):
    return PatchSource(images, size, seed, patches_per_image, least_contrast, normalization)


@pytest.fixture
def images(image_folder):
    return ImageGroups([(path,) for path in sorted(image_folder.rglob("[!.]*.tif"))], size=(8, 12))


def _places(patches, images):
    """The image and the place that each patch was cut from, found by its first pixels' order."""
    for patch in patches[..., 0]:
        fits = []
        for number in range(len(images)):
            (image,) = images.read(number)
            windows = np.lib.stride_tricks.sliding_window_view(image, patch.shape)
            low, high = windows.min((2, 3), keepdims=True), windows.max((2, 3), keepdims=True)
            close = np.abs((windows - low) / (high - low) - patch).max((2, 3)) < 1e-6
            fits += [(number, *place) for place in np.argwhere(close)]
        assert len(fits) == 1
        yield fits[0]


def test_patches_are_cut_from_the_images_everywhere_and_stretched(images):
    (patches,) = _source(images).draw(range(60), 1)
    assert patches.shape == (60, 8, 12, 1) and patches.dtype == np.float32
    np.testing.assert_array_equal([patches.min((1, 2, 3)), patches.max((1, 2, 3))], [[0] * 60, [1] * 60])
    places = list(_places(patches, images))
    assert len(set(places)) > 50
    rows = {row for number, row, _ in places if number == 0}
    assert min(rows) < 5 and max(rows) > 10


def test_images_take_turns(images):
    (patches,) = _source(images, patches_per_image=3).draw(range(30), 1)
    numbers = [number for number, *_ in _places(patches, images)]
    turns = [set(numbers[start : start + 3]) for start in range(0, 30, 3)]
    assert all(len(turn) == 1 for turn in turns)
    assert set.union(*turns[:5]) == set(range(5)) and turns[:5] == turns[5:]


def test_a_patch_depends_on_seed_epoch_and_number_alone(images):
    source = _source(images)
    (patches,) = source.draw(range(20), 3)
    (again,) = _source(images).draw([13, 2], 3)
    np.testing.assert_array_equal(again, patches[[13, 2]])
    for other in (source.draw(range(20), 4), _source(images, seed=6).draw(range(20), 3)):
        assert (other[0] != patches).any((1, 2, 3)).all()


def test_whole_images_are_taken_as_they_are(image_folder):
    images = ImageGroups([(image_folder / "a.tif",)])
    (patches,) = _source(images, size=None, patches_per_image=1, least_contrast=9.0).draw([0, 1], 1)
    (image,) = images.read(0)
    np.testing.assert_allclose(patches[0, ..., 0], (image - image.min()) / (image.max() - image.min()), atol=1e-6)
    np.testing.assert_array_equal(patches[0], patches[1])


def _slide(folder, name, tissue):
    """A slide with faint noise but for a square of tissue."""
    generator = np.random.default_rng(1)
    image = 200.0 + generator.normal(size=(64, 64))
    image[tissue] = generator.uniform(0, 255, image[tissue].shape)
    path = folder / name
    tifffile.imwrite(path, image.astype(np.float32))
    return (path,)


def test_patches_with_little_contrast_are_rejected(tmp_path):
    tissue = np.s_[20:40, 24:44]
    images = ImageGroups([_slide(tmp_path, "x.tif", tissue)], size=(8, 8))
    strict, lax = (_source(images, (8, 8), least_contrast=share) for share in (0.25, 0.0))

    def faint(patches):
        """Noise stretched to [0, 1] lies around its middle; a border of tissue or tissue does not."""
        (image,) = images.read(0)
        windows = np.lib.stride_tricks.sliding_window_view(image, (8, 8))
        deviations = windows.std((2, 3))
        low, high = windows.min((2, 3)), windows.max((2, 3))
        found = []
        for patch in patches[..., 0]:
            stretched = (windows - low[..., None, None]) / (high - low)[..., None, None]
            place = np.unravel_index(np.abs(stretched - patch).max((2, 3)).argmin(), low.shape)
            found.append(deviations[place])
        return np.array(found)

    (image,) = images.read(0)
    low, high = np.percentile(image, (0.5, 99.5))
    assert faint(strict.draw(range(40), 1)[0]).min() >= 0.25 * (high - low)
    assert (faint(lax.draw(range(40), 1)[0]) < 5).mean() > 0.5


def test_an_image_without_enough_contrast_leaves_its_turn_to_the_next(tmp_path):
    nothing = np.s_[:0, :0]
    groups = [_slide(tmp_path, "a.tif", nothing), _slide(tmp_path, "b.tif", np.s_[:, :])]
    images = ImageGroups(groups, size=(8, 8))
    (patches,) = _source(images, (8, 8), least_contrast=0.26).draw(range(12), 1)
    assert {number for number, *_ in _places(patches, images)} == {1}


def test_images_without_any_contrast_are_an_error_before_the_training(tmp_path):
    images = ImageGroups([_slide(tmp_path, "a.tif", np.s_[:0, :0])], size=(8, 8))
    with pytest.raises(ValueError, match="none was found in 100 tries per image.*Received: least_contrast=0.9"):
        _source(images, (8, 8), least_contrast=0.9)


@pytest.mark.parametrize(
    ("argument", "value"),
    [("patches_per_image", 0), ("least_contrast", -1), ("normalization", "type"), ("seed", -1), ("seed", 2**64)],
)
def test_wrong_arguments_are_errors_that_name_them(images, argument, value):
    with pytest.raises(ValueError, match=f"`{argument}` must be .*Received: {argument}="):
        _source(images, **{argument: value})
