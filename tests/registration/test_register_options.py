"""Options of `register` that are impossible, and those that are not to be passed over."""

from pathlib import Path

import numpy as np
import pytest
from skimage.io import imread

from dirv_tf.registration import register

DATA = Path(__file__).parents[2] / "data"


@pytest.fixture(scope="module")
def section():
    return imread(DATA / "sections/colon/fhl2.png").astype(np.float32)[::4, ::4] / 255


def _bad(section):
    flat = np.full_like(section, 0.5)
    empty = np.zeros(section.shape, bool)
    return {
        "constant fixed": ((flat, section), {}, "fixed: expected an image with some structure"),
        "constant moving": ((section, flat), {}, "moving: expected an image with some structure"),
        "empty mask": ((section, section), {"fixed_mask": empty}, "leave at least one pixel.*with 0 pixels"),
        "empty moving mask": ((section, section), {"moving_mask": empty}, "`moving_mask` must.*with 0 pixels"),
        "mask of another shape": ((section, section), {"fixed_mask": ~empty[:50]}, r"fixed_mask.shape=\(50, 128\)"),
        "two ranks": ((section, np.stack([section] * 9)), {}, "same rank.*Received: fixed.shape="),
        "unknown alignment": ((section, section), {"align": "bspline"}, "align"),
        "unknown similarity": ((section, section), {"similarity": "mi"}, "similarity"),
        "unknown effort": ((section, section), {"effort": "most"}, "effort"),
        "a strip": ((section, section[:5]), {}, "at least two control points.*Received: images of 5 x 128"),
    }


@pytest.mark.parametrize("name", list(_bad(np.zeros((128, 128)))))
def test_bad_input_is_refused_with_a_reason(section, name):
    images, options, message = _bad(section)[name]
    with pytest.raises(ValueError, match=message):
        register(*images, **options)


def test_masks_without_common_pixels_are_refused(section):
    left = np.zeros(section.shape, bool)
    left[:, :40] = True
    with pytest.raises(ValueError, match="no pixel is left to compare"):
        register(section, section, align="none", fixed_mask=left, moving_mask=np.fliplr(left))


def test_what_is_asked_for_is_not_passed_over(network_2d, make_pair):
    fixed, moving = make_pair((64, 64))
    alone = register(fixed, moving, model=network_2d)
    named = register(fixed, moving, model=network_2d, similarity="mse")
    quick = register(fixed, moving, model=network_2d, optimize=True, effort="fast")
    for improved in (named, quick):
        assert "then optimization (mse)" in improved.model_name
        assert improved.metrics()["l_int_after"] < alone.metrics()["l_int_after"]
    assert register(fixed, moving, model=network_2d, similarity="mse", optimize=False).model_name == alone.model_name


def test_the_command_offers_what_the_function_takes():
    from dirv_tf.cli import register_command
    from dirv_tf.registration.alignment import placement
    from dirv_tf.registration.optimization import multi_resolution, pair_optimization

    assert register_command.ALIGNMENTS == placement.ALIGNMENTS
    assert register_command.SIMILARITIES == pair_optimization.SIMILARITIES
    assert register_command.EFFORTS == tuple(multi_resolution.EFFORTS)
