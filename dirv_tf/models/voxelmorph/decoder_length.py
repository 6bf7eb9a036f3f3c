"""How many convolutions the way up of the U-Net may have."""

from __future__ import annotations

from collections.abc import Sequence


def fitting_lengths(encoder: Sequence[int], decoder: Sequence[int], field_scale: int) -> bool:
    """Return whether a decoder ends at full size, or at half of it where the field is at half the size as well.

    Examples
    --------
    >>> fitting_lengths((16, 32), (32, 16), 1), fitting_lengths((16, 32), (32,), 2), fitting_lengths((16, 32), (32,), 1)
    (True, True, False)
    """
    return len(decoder) == len(encoder) or (field_scale == 2 and 0 < len(decoder) == len(encoder) - 1)
