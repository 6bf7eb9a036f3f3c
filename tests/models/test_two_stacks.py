"""Weights mean the same on both TensorFlow stacks: a file written by one of them, compared on each.

After new weights: python tests/models/test_two_stacks.py (on the default stack) writes the file anew.
"""

from pathlib import Path

import numpy as np
import pytest

from dirv_tf.models import load_pretrained
from dirv_tf.models.pretrained import pretrained_names

REFERENCE = Path(__file__).with_name("fields_of_default_stack.npz")


def pair(rank):
    """Smooth waves and the same waves shifted and stretched: no random numbers, which differ between versions."""
    places = np.indices((32,) * rank).astype(np.float64)
    images = []
    for shift, stretch in ((0.0, 1.0), (1.5, 1.03)):
        waves = [np.sin(2 * np.pi * (stretch * place + shift) / (9 + 2 * axis)) for axis, place in enumerate(places)]
        images.append((0.5 + 0.5 * np.prod(waves, axis=0)).astype(np.float32)[None, ..., None])
    return tuple(images)


def displacement_field(name):
    model = load_pretrained(name)
    return model(pair(model.rank))["displacement_fields"][-1][0, -1].numpy()


@pytest.mark.parametrize("name", pretrained_names())
def test_a_shipped_model_gives_the_field_of_the_other_stack(name):
    with np.load(REFERENCE) as fields:
        expected = fields[name]
    assert np.abs(expected).max() > 0.5  # Something was registered.
    # Rounding in float32, which the units magnify.
    np.testing.assert_allclose(displacement_field(name), expected, atol=2e-4)


def test_every_shipped_model_is_compared():
    with np.load(REFERENCE) as fields:
        assert set(fields) == set(pretrained_names())


if __name__ == "__main__":
    np.savez_compressed(REFERENCE, **{name: displacement_field(name) for name in pretrained_names()})
