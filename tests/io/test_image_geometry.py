from __future__ import annotations

import numpy as np
import pytest

from dirv_tf.io import ImageGeometry


@pytest.fixture(params=[2, 3])
def oblique(request, rng):
    """A rotated geometry with a pixel size of its own per axis, and the SimpleITK image that it should describe."""
    simpleitk = pytest.importorskip("SimpleITK")
    rank = request.param
    image = simpleitk.Image([7, 6, 5][:rank], simpleitk.sitkFloat32)
    directions, _ = np.linalg.qr(rng.normal(size=(rank, rank)))
    image.SetDirection(directions.ravel().tolist())
    image.SetSpacing([0.5, 2.0, 3.0][:rank])
    image.SetOrigin([10.0, -20.0, 30.0][:rank])
    axes = (directions * image.GetSpacing())[:, ::-1]
    return ImageGeometry(image.GetOrigin(), axes), image


def test_world_coordinates_are_those_of_simpleitk(oblique, rng):
    geometry, image = oblique
    points = rng.uniform(-3, 9, (10, geometry.rank))
    expected = [image.TransformContinuousIndexToPhysicalPoint(point[::-1].tolist()) for point in points]
    np.testing.assert_allclose(geometry.to_world(points), expected, atol=1e-12)
    np.testing.assert_allclose(geometry.to_index(expected), points, atol=1e-12)
    assert geometry.pixel_size == pytest.approx(image.GetSpacing()[::-1])


def test_without_a_file_x_runs_along_the_last_axis():
    geometry = ImageGeometry.from_pixel_size((3, 2, 0.5))
    assert geometry.pixel_size == (3, 2, 0.5)
    np.testing.assert_array_equal(geometry.to_world([[1, 10, 100]]), [[50, 20, 3]])
    assert ImageGeometry.unit(3) == ImageGeometry.from_pixel_size((1, 1, 1)) != ImageGeometry.unit(2)


def test_closeness_is_measured_in_pixels():
    one = ImageGeometry.from_pixel_size((5e-4, 5e-4))
    shifted = ImageGeometry((1e-4, 0), one.axes)
    assert one.is_close(ImageGeometry.from_pixel_size((5.0001e-4, 5e-4)))
    assert not one.is_close(ImageGeometry.from_pixel_size((5.1e-4, 5e-4)))
    assert not one.is_close(shifted) and one.has_same_axes(shifted)
    assert not one.is_close(ImageGeometry.unit(3))


@pytest.mark.parametrize(
    "origin, axes",
    [
        ((0, 0), ((1, 0), (1, 0))),
        ((0, np.nan), ((1, 0), (0, 1))),
        ((0, 0, 0), ((1, 0), (0, 1))),
        ((0,), ((1,),)),
        ((0, 0), ((0, 0), (0, 1))),
    ],
)
def test_impossible_geometries_are_refused(origin, axes):
    with pytest.raises(ValueError, match="r x r axes that can be inverted.*Received: origin="):
        ImageGeometry(origin, axes)
