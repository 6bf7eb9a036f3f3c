"""What the stages of DLIR may be, and what follows from it; for the network and its settings alike."""

from __future__ import annotations

from collections.abc import Sequence

# Powers of two: the grids of all stages nest.
RESOLUTIONS, SPACINGS = (1, 2, 4, 8), (2, 4, 8, 16, 32)
# By average pooling, or by convolutions of four pixels per axis and stride 2, which need less memory.
DOWNSAMPLINGS = ("pool", "strided")
STRIDED_KERNEL = 4
COMBINATIONS = ("add", "compose")
# Of the affine stage.
AFFINE_CONVOLUTIONS, AFFINE_HALVINGS = 5, 3


def misfit(affine_resolution: int, spline_resolutions: Sequence[int], spline_spacings: Sequence[int]) -> str | None:
    """Say what is wrong with the stages, in words for an error; None where they fit each other."""
    if len(spline_resolutions) != len(spline_spacings):
        return "there must be one resolution and one spacing per B-spline stage"
    resolutions = [*([affine_resolution] if affine_resolution else []), *spline_resolutions]
    if any(later > earlier for earlier, later in zip(resolutions, resolutions[1:])):
        return "no stage may be coarser than the one before it"
    return None


def stage_names(affine_resolution: int, spline_resolutions: Sequence[int]) -> tuple[str, ...]:
    """Return the names of the stages in their order."""
    return (*(["affine"] if affine_resolution else []), *(f"spline{index}" for index in range(len(spline_resolutions))))


def size_multiple(spline_resolutions: Sequence[int], spline_spacings: Sequence[int]) -> int:
    """Return what every side of an image must be a multiple of, so that all stages have whole control points."""
    return max(resolution * spacing for resolution, spacing in zip(spline_resolutions, spline_spacings))


def reach(spacing: int, downsampling: str) -> int:
    """Return how far a B-spline stage looks, in its pixels: half its receptive field, and two control points."""
    halving = 1 if downsampling == "pool" else 3
    field = 1 + (2 + halving) * (spacing - 1) + 4 * spacing
    return field // 2 + 2 * spacing


def halvings(spacing: int) -> int:
    """Return how often a B-spline stage halves its features: from pixels to control points."""
    return spacing.bit_length() - 1
