import numpy as np
import pytest
import tensorflow as tf

from dirv_tf import geometry


def test_padding_repeats_the_edge_and_cropping_undoes_it(rng):
    image = rng.random((1, 9, 16, 1)).astype("float32")
    padded = geometry.pad_to_multiple(image, (8, 8)).numpy()
    assert padded.shape == (1, 16, 16, 1)
    np.testing.assert_array_equal(padded[:, 9:], np.repeat(image[:, -1:], 7, axis=1))
    np.testing.assert_array_equal(geometry.crop_to_size(padded, (9, 16)), image)


def test_legal_sizes_pass_and_others_are_named():
    assert geometry.legal_size((63, 64, 1), (4, 8, 16)) == (64, 64, 16)
    geometry.check_legal_size(tf.zeros([1, 64, 32, 1]), (16, 16), "fixed")
    with pytest.raises(ValueError, match=r"`fixed` must be a multiple of \(16, 16\).*\(64, 48\).*\(1, 60, 48, 1\)"):
        geometry.check_legal_size(tf.zeros([1, 60, 48, 1]), (16, 16), "fixed")
