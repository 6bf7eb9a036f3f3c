"""What the two networks of AVSM are made of; for the networks and their settings alike."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

ORDERS = ("left", "right")
INTEGRATORS = ("squaring", "advection")
BOUNDARIES = ("periodic", "reflect")
STAGES = ("affine", "momentum")
# By how much the momentum network makes its features coarser.
COARSEST = 16
# The published multi-Gaussian smoother, in units of the image's side.
DEVIATIONS, GAUSSIAN_WEIGHTS = (0.05, 0.1, 0.15, 0.2, 0.25), (0.067, 0.133, 0.2, 0.267, 0.333)

# The affine network behind its first layer, which sees one image: filters and stride, or None for a pooling.
FIRST_FILTERS, HIDDEN = 16, 32
AFFINE_LAYERS = (None, (32, 1), (32, 2), (32, 1), None, (32, 1), (16, 2), (16, 1), (4, 2))
# By how much the affine network makes its features coarser before it flattens them.
AFFINE_COARSEST = 32


class Block(NamedTuple):
    """A convolution of the momentum network.

    Attributes
    ----------
    channels, filters : int
        Of its input and its output, at the full width.
    coarseness : int
        Pixels of the image per pixel of its output, along an axis.
    kernel, stride : int
    transposed : bool
    """

    channels: int
    filters: int
    coarseness: int
    kernel: int = 3
    stride: int = 1
    transposed: bool = False


# e: encoder, d: decoder; the number is the coarseness.
MOMENTUM_BLOCKS = {
    "e1": Block(2, 16, 1),
    "e2a": Block(16, 32, 2, stride=2),
    "e2b": Block(32, 32, 2),
    "e2c": Block(32, 32, 2),
    "e4a": Block(32, 64, 4, stride=2),
    "e4b": Block(64, 64, 4),
    "e4c": Block(64, 64, 4),
    "e8a": Block(64, 128, 8, stride=2),
    "e8b": Block(128, 128, 8),
    "e8c": Block(128, 128, 8),
    "e16a": Block(128, 256, 16, stride=2),
    "e16b": Block(256, 256, 16),
    "d8a": Block(256, 128, 8, 2, 2, True),
    "d8b": Block(256, 128, 8),
    "d8c": Block(128, 128, 8),
    "d4a": Block(128, 64, 4, 2, 2, True),
    "d4b": Block(128, 32, 4),
    "d4c": Block(32, 32, 4),
    "d2a": Block(32, 32, 2, 2, 2, True),
    "d2b": Block(64, 16, 2),
}
# Of the last layer, whose filters are the components of the momentum.
MOMENTUM_COARSENESS = 2


def scaled(channels: int, width: float) -> int:
    """Return a number of filters of the momentum network for a width."""
    return max(1, round(channels * width))


def momentum_channels(name: str, width: float) -> int:
    """Return the channels of what a block of the momentum network takes; the first one takes two images."""
    channels = MOMENTUM_BLOCKS[name].channels
    if name == "e1":
        return channels
    # Two maps of features beside each other, each of its own rounded width.
    halves = 2 if name in ("d8b", "d4b", "d2b") else 1
    return halves * scaled(channels // halves, width)


def misfit(
    affine_size: int, deviations: Sequence[float], gaussian_weights: Sequence[float], native_side: int | None
) -> str | None:
    """Say what is wrong with the arguments, in words for an error; None where they fit each other."""
    if affine_size % COARSEST:
        return f"the affine network's side must be a multiple of {COARSEST}"
    if len(deviations) != len(gaussian_weights):
        return "there must be one weight per deviation of the Gaussians"
    if native_side is not None and native_side % COARSEST:
        return f"the native side must be a multiple of {COARSEST}"
    return None
