"""What is written down of a registered pair: a row of `pairs.csv`."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

DONE, FAILED = "done", "failed"
STATISTICS = ("mean", "median", "p90", "max")


@dataclass(frozen=True)
class PairRow:
    """What came of a pair. What was not measured is None.

    Attributes
    ----------
    name : str
        Of the pair and of the folder with its results.
    status : {"done", "failed"}
    reason : str
        Why it failed.
    seconds : float
        Time of the registration; of a failed pair, until it failed.
    method : str
        What found the map, in a few words.
    similarity_before, similarity_after, support, folded_percent : float
        See `dirv_tf.registration.route.quality.Quality`; `support` is a share from 0 to 1.
    warnings : tuple of str
        What speaks against the result, and what was said on the way.
    landmarks : int
        Landmarks that both images have.
    tre_unit : {"mm", "px"}
        "mm" where the fixed image states its pixel size.
    tre_mean_before, ..., tre_max_after : float
        Target registration error: mean, median, 90th percentile (p90) and largest of the landmarks, before and after.
    rtre_mean_before, ..., rtre_max_after : float
        The same divided by the diagonal of the fixed image, both in pixels.
    robustness : float
        Share of the landmarks, 0 to 1, whose error fell.
    dice_before, dice_after : float
        Mean Dice coefficient of all labels but 0; `evaluation.json` has every label.
    fixed, moving, fixed_landmarks, moving_landmarks, fixed_labels, moving_labels, fixed_mask, moving_mask : str
        Absolute paths; "" where there is none.
    exclude : str
        Names of landmarks that did not count.
    """

    name: str
    status: str
    reason: str = ""
    seconds: float | None = None
    method: str = ""
    similarity_before: float | None = None
    similarity_after: float | None = None
    support: float | None = None
    folded_percent: float | None = None
    warnings: tuple[str, ...] = ()
    landmarks: int | None = None
    tre_unit: str = ""
    tre_mean_before: float | None = None
    tre_mean_after: float | None = None
    tre_median_before: float | None = None
    tre_median_after: float | None = None
    tre_p90_before: float | None = None
    tre_p90_after: float | None = None
    tre_max_before: float | None = None
    tre_max_after: float | None = None
    rtre_mean_before: float | None = None
    rtre_mean_after: float | None = None
    rtre_median_before: float | None = None
    rtre_median_after: float | None = None
    rtre_p90_before: float | None = None
    rtre_p90_after: float | None = None
    rtre_max_before: float | None = None
    rtre_max_after: float | None = None
    robustness: float | None = None
    dice_before: float | None = None
    dice_after: float | None = None
    fixed: str = ""
    moving: str = ""
    fixed_landmarks: str = ""
    moving_landmarks: str = ""
    fixed_labels: str = ""
    moving_labels: str = ""
    fixed_mask: str = ""
    moving_mask: str = ""
    exclude: str = ""

    @property
    def is_done(self) -> bool:
        """Whether there are results."""
        return self.status == DONE

    def cells(self) -> dict[str, str]:
        """Return the cells of `pairs.csv` by column: numbers of six digits, warnings parted by semicolons."""
        return {column: _cell(getattr(self, column)) for column in COLUMNS}

    def content(self) -> dict[str, Any]:
        """Return what `from_content` makes the row of again, for a JSON file."""
        return dataclasses.asdict(self)

    @classmethod
    def from_content(cls, content: Mapping[str, Any]) -> PairRow:
        """Make the row that wrote `content`."""
        return cls(**{**content, "warnings": tuple(content["warnings"])})


COLUMNS = tuple(field.name for field in dataclasses.fields(PairRow))


def _cell(value):
    if value is None:
        return ""
    if isinstance(value, tuple):
        return "; ".join(value)
    return f"{value:.6g}" if isinstance(value, float) else str(value)
