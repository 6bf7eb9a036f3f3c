"""Batches that several replicas share: their parts, put together, are the whole batch, bit for bit."""

import numpy as np
import pytest
import tensorflow as tf

from dirv_tf import synthesis
from dirv_tf.datasets import ChessboardPairs, MixedPairs, from_pairs
from dirv_tf.datasets.pair_batches import PairBatches, Shares

SIMPLE = {"cell_range": (3, 5), "transform": "affine", "desensitize": False}


def arrays(dataset):
    return [[tensor.numpy() for tensor in tf.nest.flatten(element)] for element in dataset]


def assert_whole(parts, whole):
    """Compare the parts, by batch and share, with whole batches."""
    for own, batch in zip(parts, whole):
        for tensors, tensor in zip(zip(*own), batch):
            np.testing.assert_array_equal(np.concatenate(tensors), tensor)


# 10 pairs in batches of 4, 4 and 2; the last batch is frozen.
@pytest.mark.parametrize("make", [
    lambda: ChessboardPairs((16, 12), 10, 4, **SIMPLE),
    lambda: ChessboardPairs((16, 12), 10, 4, patch_size=(8, 8), patches_per_image=3, deform_first=True, **SIMPLE),
    lambda: MixedPairs([ChessboardPairs((16, 12), 10, 4, seed=seed, **SIMPLE) for seed in (1, 2)]),
], ids=["whole", "patches", "mixed"])  # fmt: skip
def test_shares_are_parts_of_the_same_batches(make):
    pairs = make()
    whole = arrays(pairs.training(2, first_epoch=1))
    # Two replicas of one worker take turns; two workers make one share each.
    together = arrays(pairs.training(2, first_epoch=1, shares=Shares(2, 0, 2)))
    assert len(whole) == 6 and len(together) == 12
    assert_whole(list(zip(together[::2], together[1::2])), whole)
    of_workers = [arrays(pairs.training(2, first_epoch=1, shares=Shares(2, number, 1))) for number in range(2)]
    assert_whole(list(zip(*of_workers)), whole)
    assert [len(batch[0]) for batch in of_workers[1]] == [2, 2, 1] * 2


def test_shares_of_a_test_may_be_uneven_and_of_real_pairs_have_no_field(tmp_path):
    generator = np.random.default_rng(1)
    for name in ("a.npy", "b.npy"):
        np.save(tmp_path / name, generator.random((12, 12), np.float32))
    pairs = from_pairs([(tmp_path / "a.npy", tmp_path / "b.npy")], size=(8, 8), count=5, batch_size=5)
    (whole,), parts = arrays(pairs.evaluation()), arrays(pairs.evaluation(shares=Shares(3, 0, 3)))
    assert [len(part[0]) for part in parts] == [1, 2, 2] and len(whole) == 2
    assert_whole([parts], [whole])


def test_non_rigid_fields_of_a_share_are_scaled_by_the_whole_batch():
    whole = synthesis.random_fields((12, 16), 3, tf.range(8, 12), 2, 1, "both")
    share = synthesis.random_fields((12, 16), 3, tf.range(10, 11), 2, 1, "both", share=(2, 4))
    np.testing.assert_allclose(share, whole[2:3], atol=1e-6)


def test_the_length_of_a_share_is_known_where_all_are_equal():
    even, uneven = (ChessboardPairs((16, 12), 8, size, **SIMPLE) for size in (4, 3))
    assert even.evaluation(shares=Shares(2, 0, 1)).element_spec[1].shape == (2, 16, 12, 2)
    assert uneven.evaluation(shares=Shares(2, 0, 1)).element_spec[1].shape[0] is None


def test_a_dataset_that_cannot_be_shared_is_refused():
    class WholeBatches(PairBatches):
        def _batch(self, batch_index, epoch):
            images = tf.zeros([self.batch_size, *self.size, 1])
            return ((images, images),)

    pairs = WholeBatches((8, 8), 4, 2, seed=1, frozen_last_batch=False)
    assert len(list(pairs.training(1))) == 2
    with pytest.raises(TypeError, match="must take the numbers of its pairs from `_indices`.*Received: a WholeBatches"):
        pairs.training(1, shares=Shares(2, 0, 1))
