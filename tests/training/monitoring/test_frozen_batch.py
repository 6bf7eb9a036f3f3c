"""Which dataset elements make a frozen batch."""

import numpy as np
import pytest

from dirv_tf.training.monitoring.frozen_batch import frozen_batch

IMAGES = np.zeros((3, 8, 8, 1))
FIELD = np.zeros((3, 8, 8, 2))


def test_parts_and_first_pairs():
    batch = frozen_batch(((IMAGES, IMAGES + 1), FIELD))
    assert batch.rank == 2
    first = batch.first(2)
    assert first.fixed.shape[0] == first.moving.shape[0] == first.flow_field.shape[0] == 2
    assert batch.first(9).fixed.shape[0] == 3
    assert float(batch.moving[0, 0, 0, 0]) == 1.0


@pytest.mark.parametrize("element", [((IMAGES, IMAGES),), ((IMAGES, IMAGES), None)])
def test_truth_may_be_unknown(element):
    batch = frozen_batch(element)
    assert batch.flow_field is None and batch.first(1).flow_field is None


@pytest.mark.parametrize(
    "element",
    [
        IMAGES,
        (IMAGES, IMAGES, FIELD),
        (IMAGES, FIELD),
        ((IMAGES, IMAGES[:2]), FIELD),
        ((IMAGES[:0], IMAGES[:0]),),
        ((IMAGES[..., 0], IMAGES[..., 0]),),
        ((IMAGES, IMAGES), FIELD[:2]),
        ((IMAGES, IMAGES), FIELD[..., :1]),
    ],
)
def test_other_elements_raise(element):
    with pytest.raises(ValueError, match="must .*Received: "):
        frozen_batch(element)


def test_targets_are_kept_for_the_loss():
    labels = {"fixed": np.zeros((3, 8, 8, 2)), "moving": np.ones((3, 8, 8, 2))}
    batch = frozen_batch(((IMAGES, IMAGES), {"flow_field": FIELD, "labels": labels}))
    first = batch.first(2)
    assert first.flow_field.shape == (2, 8, 8, 2) and first.targets["labels"]["moving"].shape == (2, 8, 8, 2)
    assert frozen_batch(((IMAGES, IMAGES), FIELD)).first(1).targets.shape == (1, 8, 8, 2)
    assert frozen_batch(((IMAGES, IMAGES),)).targets is None
