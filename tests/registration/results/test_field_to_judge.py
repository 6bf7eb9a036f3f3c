"""Files of fields that are to be judged: taken on the images' own grid, refused on any other."""

import numpy as np
import pytest

import dirv_tf
from dirv_tf import io
from dirv_tf.models import UncertaintyNetwork
from dirv_tf.registration.images.given_image import GivenImage
from dirv_tf.registration.results.field_to_judge import field_to_judge

SIZE, MOVING_SIZE = (12, 16), (14, 18)
PLACE = io.ImageGeometry((10.0, -4.0), ((0.0, 0.5), (0.25, 0.0)))
ELSEWHERE = io.ImageGeometry((10.5, -4.0), ((0.0, 0.5), (0.25, 0.0)))
UNIT = io.ImageGeometry.unit(2)
LEVEL = io.SlideLevel(2, SIZE, (48, 64), (4.0, 4.0))


def image(size, geometry=None, **what):
    pixels = np.zeros(size, np.float32)
    return GivenImage(pixels, pixels, geometry, None if geometry is None else "image.nii.gz", **what)


@pytest.fixture
def field(rng):
    return rng.normal(0, 2, (*SIZE, 2)).astype(np.float32)


@pytest.fixture
def written(field, tmp_path):
    """Write the field between two images as a file of some format."""

    def write(suffix=".npz", fixed=PLACE, moving=ELSEWHERE, **arguments):
        if suffix != ".npz":
            pytest.importorskip("SimpleITK")
        path = tmp_path / f"field{suffix}"
        io.write_flow_field(path, field, fixed, moving, moving_size=MOVING_SIZE, **arguments)
        return path

    return write


@pytest.mark.parametrize("suffix", [".npz", ".nii.gz"])
@pytest.mark.parametrize(
    ("fixed", "moving", "known"),
    [
        (PLACE, ELSEWHERE, (PLACE, ELSEWHERE)),
        (PLACE, PLACE, (None, None)),
        # Of pictures, whose format knows no pixel size: it was given as they were registered.
        (PLACE, PLACE, (UNIT, UNIT)),
        (UNIT, UNIT, (UNIT, UNIT)),
        (PLACE, UNIT, (PLACE, UNIT)),
    ],
    ids=["known", "arrays", "pictures", "pictures of pixels", "moving at zero"],
)
def test_a_file_for_the_images_is_taken(written, field, suffix, fixed, moving, known):
    path = written(suffix, fixed, moving)
    found = field_to_judge(path, image(SIZE, known[0]), image(MOVING_SIZE, known[1]))
    np.testing.assert_allclose(found, field, atol=1e-4)


@pytest.mark.parametrize(
    ("fixed", "moving", "message"),
    [
        (image((12, 18)), image(MOVING_SIZE), "a fixed image of 12 x 16 pixels; fixed=an array of 12 x 18 pixels"),
        (image(SIZE), image((15, 18)), "a moving image of 14 x 18 pixels; moving=an array of 15 x 18 pixels"),
        (image(SIZE, ELSEWHERE), image(MOVING_SIZE, ELSEWHERE), r"a fixed image of ImageGeometry\(origin=\(10.0, -4.0"),
        (image(SIZE, PLACE), image(MOVING_SIZE, PLACE), "Expected the geometry of the moving image for which"),
    ],
    ids=["fixed size", "moving size", "fixed place", "moving place"],
)
def test_an_archive_for_other_images_is_refused(written, fixed, moving, message):
    with pytest.raises(ValueError, match=message):
        field_to_judge(written(), fixed, moving)


def test_a_displacement_field_on_another_grid_is_refused(written):
    path = written(".nii.gz")
    with pytest.raises(ValueError, match="made for these images. Received: .*a fixed image of 12 x 16 pixels"):
        field_to_judge(path, image((13, 16)), image(MOVING_SIZE))
    with pytest.raises(ValueError, match="made for these images. Received: .*fixed=image.nii.gz of ImageGeometry"):
        field_to_judge(path, image(SIZE, ELSEWHERE), image(MOVING_SIZE, ELSEWHERE))


def test_levels_of_slides_are_compared(written, field):
    path = written(levels=(LEVEL, None))
    slide = image(SIZE, PLACE, level=LEVEL, is_slide=True)
    np.testing.assert_array_equal(field_to_judge(path, slide, image(MOVING_SIZE)), field)
    # The level in a file of its own does not know where it lies.
    np.testing.assert_array_equal(field_to_judge(path, image(SIZE, ELSEWHERE), image(MOVING_SIZE)), field)
    other = io.SlideLevel(1, SIZE, (24, 32), (2.0, 2.0))
    with pytest.raises(ValueError, match="number=2,.*; fixed=image.nii.gz of SlideLevel.number=1,"):
        field_to_judge(path, image(SIZE, PLACE, level=other, is_slide=True), image(MOVING_SIZE))


def test_uncertainty_refuses_the_field_of_another_pair(written, rng):
    images = [rng.random(size).astype(np.float32) for size in (SIZE[::-1], MOVING_SIZE)]
    with pytest.raises(ValueError, match="Expected a field that was made for these images.*fixed=an array of 16 x 12"):
        dirv_tf.uncertainty(*images, written(), UncertaintyNetwork(features=2, halvings=2))
