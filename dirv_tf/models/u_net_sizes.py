"""Sizes of the U-Net of networks that look at a registered pair: here, since run files are read without TensorFlow."""

from __future__ import annotations

from collections.abc import Iterator


def u_net_filters(features: int, halvings: int) -> list[int]:
    """Return the filters at every size, from the full one on: they double with every halving."""
    return [features * 2**level for level in range(halvings + 1)]


def u_net_convolutions(channels: int, outputs: int, features: int, halvings: int) -> Iterator[tuple[int, int, int]]:
    """Yield channels, filters and how often the size was halved, of every convolution from `channels` to `outputs`."""
    widths = u_net_filters(features, halvings)
    for level, width in enumerate(widths):
        yield channels, width, level
        channels = width
    for level in reversed(range(halvings)):
        yield channels + widths[level], widths[level], level
        channels = widths[level]
    yield channels, outputs, 0


def u_net_reach(halvings: int) -> int:
    """Return how many pixels away the U-Net looks."""
    sizes = [2**level for level in range(halvings + 1)]
    # Poolings and repetitions move a pixel by less than a cell of the coarsest grid, one way and the other.
    return sum(sizes) + sum(sizes[:-1]) + 2 * (sizes[-1] - 1) + 1
