"""What the U-Net sees of an image, in numbers alone: settings come without TensorFlow."""

from __future__ import annotations

INTENSITIES, SELF_SIMILARITY = "intensities", "self_similarity"
FEATURES = (INTENSITIES, SELF_SIMILARITY)
# The defaults of `geometry.self_similarity`: neighbors at a distance of 2, and patches of one pixel to either side.
_REACH = 3


def feature_count(features: str, rank: int) -> int:
    """Return how many channels the U-Net sees of one image.

    Parameters
    ----------
    features : str
        One of `FEATURES`.
    rank : {2, 3}

    Returns
    -------
    int
        Self-similarity compares all pairs of axis neighbors that do not lie opposite each other.

    Examples
    --------
    >>> feature_count("intensities", 3), feature_count("self_similarity", 2), feature_count("self_similarity", 3)
    (1, 4, 12)
    """
    return 2 * rank * (rank - 1) if features == SELF_SIMILARITY else 1


def feature_reach(features: str) -> int:
    """Return how many pixels away the features of a pixel look, along an axis."""
    return _REACH if features == SELF_SIMILARITY else 0
