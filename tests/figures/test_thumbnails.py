import numpy as np
import pytest

from dirv_tf.figures import pair_thumbnails


@pytest.mark.parametrize(
    ("shape", "size"), [((300, 600), (75, 150)), ((20, 10), (150, 75)), ((9, 40, 40), (150, 150))]
)
def test_all_pictures_of_a_pair_have_one_size(rng, shape, size):
    fixed, moving, registered = rng.random((3, *shape))
    pictures = pair_thumbnails(fixed, moving, registered, np.zeros((*shape, len(shape))))
    assert list(pictures) == ["fixed", "moving", "registered", "before", "after", "grid"]
    for pixels in pictures.values():
        assert pixels.shape == (*size, 3) and pixels.dtype == np.uint8


def test_what_fits_is_gray_and_what_does_not_is_colored():
    rows, columns = np.mgrid[:60, :60]
    fixed, moving = (np.hypot(rows - 30, columns - center) < 10 for center in (20, 40))
    pictures = pair_thumbnails(1.0 * fixed, 1.0 * moving, 1.0 * fixed, np.zeros((60, 60, 2)))
    magenta, green = pictures["before"][75, 50], pictures["before"][75, 100]
    assert magenta.tolist() == [255, 0, 255] and green.tolist() == [0, 255, 0]
    assert np.ptp(pictures["after"].astype(int), axis=-1).max() == 0 and pictures["after"].max() == 255


def test_the_grid_moves_with_the_field():
    image = np.zeros((64, 64))
    field = np.zeros((64, 64, 2))
    straight = pair_thumbnails(image, image, image, field)["grid"]
    field[..., 0] = 16.0
    lowered = pair_thumbnails(image, image, image, field)["grid"]
    # A quarter of the picture further down, where above nothing is drawn.
    assert straight[:30].any() and not lowered[:30].any()
    np.testing.assert_array_equal(lowered[45:140].any(axis=-1).sum(), straight[8:103].any(axis=-1).sum())


def test_a_few_bright_pixels_do_not_leave_the_rest_dark(rng):
    image = rng.random((150, 150)) * 0.1
    image[0, 0] = 1.0
    picture = pair_thumbnails(image, image, image, np.zeros((150, 150, 2)))["fixed"]
    assert picture.mean() > 100
