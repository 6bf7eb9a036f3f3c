"""What the levels of an RWCNet may be, and what follows from it; for the network and its settings alike."""

from __future__ import annotations

from collections.abc import Sequence

from dirv_tf.models.bounds import repetitions
from dirv_tf.validation import either, integer, list_of, one_of

# Pixels of the image per pixel of a level.
RESOLUTIONS = (1, 2, 4, 8)
MEASURES = ("dot", "ssd", "sad_box")
# Channels of the features at full size of a level, doubled with every halving; of the motion features, of the two
# branches that lead to them, and of the first layer of the flow's branch.
WIDTH, MOTION, BRANCH, FLOW = 8, 16, 8, 4
# Groups of channels that are normalized together.
GROUPS = 8
# Patches along an axis, where a level works on patches.
PARTS = 2
# One number for all levels or one per level.
STEPS = either(repetitions(), list_of(repetitions(), longest=4))
RADII = either(integer(1, 16), list_of(integer(1, 16), longest=4))
LEVELS = list_of(one_of(*RESOLUTIONS), longest=4)
# Of the feature networks; every size has twice the channels of the one before it.
BLOCKS = list_of(repetitions(), longest=8)
# What a pixel sees beyond the look-ups, in pixels of the coarsest level: the kernels of a step.
_AROUND = 8


def misfit(
    resolutions: Sequence[int],
    steps: int | Sequence[int],
    radii: int | Sequence[int],
    features: int,
    use_correlation: bool,
) -> str | None:
    """Say what is wrong with the levels, in words for an error; None where they fit each other."""
    if any(earlier != 2 * later for earlier, later in zip(resolutions, resolutions[1:])):
        return "every level must have twice the resolution of the one before it"
    if any(isinstance(each, (tuple, list)) and len(each) != len(resolutions) for each in (steps, radii)):
        return "`steps` and `radii` must be one number, or one per level"
    if not use_correlation and features % 2:
        return "`features` must be even without correlation: half of them are the fixed image's"
    return None


def per_level(value: int | Sequence[int], resolutions: Sequence[int]) -> tuple[int, ...]:
    """Return one number per level."""
    return (value,) * len(resolutions) if isinstance(value, int) else tuple(value)


def stage_names(resolutions: Sequence[int]) -> tuple[str, ...]:
    """Return the names of the levels from coarse to fine."""
    return tuple(f"level{index}" for index in range(len(resolutions)))


def size_multiple(resolutions: Sequence[int], blocks: Sequence[int]) -> int:
    """Return what every side of an image must be a multiple of, so that the features of all levels can be halved."""
    return resolutions[0] * 2 ** (len(blocks) - 1)


def reach(resolutions: Sequence[int], steps: Sequence[int], radii: Sequence[int]) -> int:
    """Return how far the network looks, in pixels of the image: the look-ups of the coarsest level, and around them."""
    return resolutions[0] * (steps[0] * radii[0] + _AROUND)
