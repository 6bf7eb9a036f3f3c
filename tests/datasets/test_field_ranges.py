"""How far the fields of synthetic pairs go: what a dataset is told reaches every field that it draws."""

import numpy as np
import pytest

from dirv_tf import synthesis
from dirv_tf.datasets import ChessboardPairs, ImagePairs, ShapePairs

WIDE = {"affine_range": "large", "coarse_points": (6, 8), "max_displacement": 9.0}


@pytest.mark.parametrize("make", [ChessboardPairs, ShapePairs], ids=lambda make: make.__name__)
def test_fields_are_those_that_are_asked_for(make):
    pairs = make((32, 32), count=3, batch_size=3, **WIDE)
    (_, _), field = pairs.frozen_batch()
    expected = synthesis.random_fields(
        (32, 32), 42, np.arange(3), 0, 0, "both", 9.0, affine_range="large", coarse_points=(6, 8)
    )
    np.testing.assert_allclose(field, expected, atol=1e-5)


def test_given_images_are_deformed_that_far():
    images = np.random.default_rng(0).random((3, 32, 32, 1))
    small, large = (ImagePairs(images, 3, **further).frozen_batch()[1] for further in ({}, WIDE))
    assert np.abs(large).max() > 2 * np.abs(small).max()


@pytest.mark.parametrize("wrong", [{"affine_range": "huge"}, {"coarse_points": (8, 8)}, {"coarse_points": (1, 5)}])
def test_what_cannot_be_drawn_is_an_error(wrong):
    with pytest.raises(ValueError, match=f"{next(iter(wrong))}.*Received"):
        ShapePairs((32, 32), 3, 3, **wrong)
