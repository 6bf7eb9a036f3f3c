"""Weights mean the same on both TensorFlow stacks: a file written by one of them, compared on each.

After new weights: python tests/models/test_two_stacks.py (on the default stack) writes the file anew.
"""

from pathlib import Path

import numpy as np
import pytest
from skimage.io import imread

from dirv_tf.models import load_pretrained
from dirv_tf.models.pretrained import pretrained_names

CELLS = Path(__file__).parents[2] / "data" / "tissue" / "cells_he.png"
REFERENCE = Path(__file__).with_name("fields_of_default_stack.npz")

# Pixels. Rounding in float32 is magnified by the units and doubled from level to level: most in three levels of seven
# units with 32 experts each, where a single number of 512 differs by 3.0e-4, in best-2d where it registers five times,
# one time after the other: 2.8e-4, and in large-2d: 2.4e-4.
TOLERANCES = {"E-5": 5e-4, "E-5-quick": 5e-4, "counterpart-2d": 5e-4, "large-2d": 5e-4}


def pair(rank):
    """An image and its copy shifted by half-pixels: no random numbers, which differ between versions."""
    if rank == 2:
        # Waves leave the coarse levels of a deep network in doubt, which magnifies rounding; tissue does not.
        image = imread(CELLS)[:65, :65].astype(np.float64) / 255
        shifted = 0.5 * (image[1:, 1:] + image[:-1, 1:])
        return tuple(each.astype(np.float32)[None, ..., None] for each in (image[:-1, :-1], shifted))
    places = np.indices((32,) * rank).astype(np.float64)
    images = []
    for shift, stretch in ((0.0, 1.0), (1.5, 1.03)):
        waves = [np.sin(2 * np.pi * (stretch * place + shift) / (9 + 2 * axis)) for axis, place in enumerate(places)]
        images.append((0.5 + 0.5 * np.prod(waves, axis=0)).astype(np.float32)[None, ..., None])
    return tuple(images)


def displacement_field(name):
    model = load_pretrained(name)
    if model.task == "uncertainty":
        # Of no displacement at all, which is wrong here.
        fixed, moving = pair(model.rank)
        field = np.zeros((*fixed.shape[:-1], model.rank), np.float32)
        return model((fixed, moving, field))["standard_deviation"][0, ::4, ::4].numpy()
    return model(pair(model.rank))["displacement_fields"][-1][0, -1].numpy()


@pytest.mark.parametrize("name", pretrained_names(task=None))
def test_a_shipped_model_gives_the_field_of_the_other_stack(name):
    with np.load(REFERENCE) as fields:
        expected = fields[name]
    assert np.abs(expected).max() > 0.5  # Something was registered, or found wrong.
    np.testing.assert_allclose(displacement_field(name), expected, atol=TOLERANCES.get(name, 2e-4))


def test_every_shipped_model_is_compared():
    with np.load(REFERENCE) as fields:
        assert set(fields) == set(pretrained_names(task=None))


if __name__ == "__main__":
    np.savez_compressed(REFERENCE, **{name: displacement_field(name) for name in pretrained_names(task=None)})
