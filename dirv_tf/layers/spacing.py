"""Control-point spacing as a layer argument."""

from __future__ import annotations


def normalize_spacing(spacing):
    """Return a positive integer as it is and a sequence of them as a tuple (what configs need).

    Raises
    ------
    ValueError
        If it is neither a positive integer nor two or three of them.
    """
    values = (spacing,) if isinstance(spacing, int) else tuple(spacing) if isinstance(spacing, (list, tuple)) else ()
    if not values or any(isinstance(v, bool) or not isinstance(v, int) or v < 1 for v in values) or len(values) > 3:
        raise ValueError(
            f"`spacing` must be a positive integer, or one per spatial axis. Received: spacing={spacing!r}"
        )
    return spacing if isinstance(spacing, int) else values
