"""Number and work of the convolutions of the mask head."""

from __future__ import annotations

from collections.abc import Iterator

# Channels beside the components of the field: both images, and how much they differ.
IMAGES = 3


def head_convolutions(rank: int, features: int, halvings: int) -> Iterator[tuple[int, int, int]]:
    """Yield channels, filters and how often the size was halved of every convolution of a `MaskHead`."""
    channels = IMAGES + rank
    for level in range(halvings + 1):
        yield channels, features * 2**level, level
        channels = features * 2**level
    for level in reversed(range(halvings)):
        yield channels + features * 2**level, features * 2**level, level
        channels = features * 2**level
    yield channels, 1, 0
