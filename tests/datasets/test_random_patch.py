import numpy as np
import pytest

from dirv_tf.datasets.random_patch import LEAST_CONTRAST, TRIES, random_patch


def _numbered(shape, offset=0.0):
    return np.arange(np.prod(shape), dtype=np.float64).reshape(shape) + offset


@pytest.mark.parametrize("shape, size", [((9, 7), (4, 3)), ((6, 7, 5), (4, 4, 2))])
def test_a_patch_is_a_slice_and_the_same_one_of_all_images(shape, size):
    image, other = _numbered(shape), _numbered(shape, 1000.0)
    generator = np.random.default_rng(3)
    places = set()
    for _ in range(200):
        (patch, again), found = random_patch([image, other], size, generator, [0.0, 0.0])
        start = np.unravel_index(int(patch.flat[0]), shape)
        np.testing.assert_array_equal(patch, image[tuple(slice(a, a + b) for a, b in zip(start, size))])
        np.testing.assert_array_equal(again, patch + 1000.0)
        assert found
        places.add(start)
    room = np.subtract(shape, size) + 1
    assert len(places) > 0.8 * min(200, np.prod(room))
    assert max(place[0] for place in places) == room[0] - 1


def test_places_are_drawn_until_the_patch_has_contrast_in_every_image():
    image, other = np.zeros((32, 32)), np.zeros((32, 32))
    image[8:20, 8:20] = other[14:26, 14:26] = np.random.default_rng(1).uniform(size=(12, 12))
    generator = np.random.default_rng(3)
    for _ in range(20):
        patches, found = random_patch([image, other], (8, 8), generator, [LEAST_CONTRAST, LEAST_CONTRAST])
        assert found and all(patch.std() >= LEAST_CONTRAST for patch in patches)


def test_without_contrast_the_last_place_is_given_and_said_so():
    class Counting:
        draws = 0

        def random(self, count):
            self.draws += 1
            return np.full(count, (self.draws - 1) / TRIES)

    image, generator = _numbered((200, 8)), Counting()
    (patch,), found = random_patch([image], (1, 8), generator, [1e9])
    assert not found and generator.draws == TRIES
    np.testing.assert_array_equal(patch, image[198:199])


def test_a_patch_of_one_intensity_has_no_contrast():
    assert not random_patch([np.ones((8, 8))], (4, 4), np.random.default_rng(0), [0.0])[1]
