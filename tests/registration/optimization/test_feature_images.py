import numpy as np
import pytest

from dirv_tf.geometry import self_similarity
from dirv_tf.registration.optimization.feature_images import SIMILARITIES, feature_images

SIZES = {2: (24, 20), 3: (12, 14, 10)}


@pytest.mark.parametrize("rank", [2, 3])
@pytest.mark.parametrize("similarity", SIMILARITIES)
def test_shapes(rank, similarity, rng):
    features = feature_images(rng.random(SIZES[rank]), similarity)
    channels = {2: 4, 3: 12}[rank] if similarity == "mind" else 1
    assert features.shape == (channels, *SIZES[rank])
    assert features.dtype == np.float32 and features.flags.c_contiguous


def test_intensities_and_self_similarity_are_what_they_are(rng):
    image = rng.random(SIZES[2]).astype("float32")
    np.testing.assert_array_equal(feature_images(image, "mse")[0], image)
    expected = self_similarity(image[None, ..., None])[0].numpy()
    # Computed in a graph, which TensorFlow rearranges: single roundings differ.
    np.testing.assert_allclose(np.moveaxis(feature_images(image, "mind"), 0, -1), expected, rtol=1e-5)


@pytest.mark.parametrize("similarity", ["ncc", "lncc"])
def test_standardized_intensities_do_not_change_with_a_linear_map(similarity, rng):
    image = 10 * rng.random(SIZES[2])
    features = feature_images(image, similarity)
    np.testing.assert_allclose(feature_images(3 * image + 5, similarity), features, atol=0.03)
    assert abs(features.mean()) < 0.05 and features.std() == pytest.approx(1, abs=0.05)


def test_flat_images_are_finite():
    for similarity in SIMILARITIES:
        assert np.all(np.isfinite(feature_images(np.full((16, 16), 0.5), similarity)))


def test_an_unknown_similarity_is_named():
    with pytest.raises(ValueError, match="Received: similarity='ssd'"):
        feature_images(np.zeros((8, 8)), "ssd")
