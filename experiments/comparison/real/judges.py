"""What says how well a real pair is registered: landmarks, labels or, where there are none, intensities."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from dirv_tf import geometry, metrics
from experiments.comparison.real.labeled_pair import LabeledPair
from experiments.comparison.real.plain_pair import PlainPair
from experiments.comparison.real.prepared_pair import PreparedPair

# Median rTRE below which a pair counts as found.
FOUND = 0.01


def carried_points(pair: PreparedPair, flow_field: np.ndarray) -> np.ndarray:
    """Return where a field carries the landmarks of the fixed image: shape (n, 2), pixels of the moving one."""
    points = pair.fixed_points[np.newaxis].astype(np.float32)
    return geometry.warp_points(points, flow_field[np.newaxis]).numpy()[0]


def relative_errors(pair: PreparedPair, flow_field: np.ndarray) -> np.ndarray:
    """Return the relative target registration errors of a pair's landmarks.

    The field carries the fixed image's landmarks to the moving image, where their distance from their partners counts,
    in pixels of the fixed image over its diagonal.

    Parameters
    ----------
    pair : PreparedPair
    flow_field : ndarray of float32, shape (n_1, n_2, 2), pixels

    Returns
    -------
    ndarray, shape (n,)
    """
    distances = np.linalg.norm(carried_points(pair, flow_field) - pair.moving_points, axis=-1) / pair.scale
    return distances / np.linalg.norm(pair.fixed.shape)


class LandmarkJudge:
    """Judges by landmarks: the median of their relative target registration errors.

    A judge has the key of what it measures in the rows of pairs (`key`), what makes a summary of them, and how both are
    written into tables.
    """

    key = "rtre_median"
    columns = ("median rTRE, mean", "median", "worst", "worse than before", f"below {FOUND:g}")
    pairs_title = "Median rTRE of every pair, x 1000"

    def measure(self, pair: PreparedPair, flow_field: np.ndarray) -> float:
        """Return the median rTRE of a pair (0 is best)."""
        return round(float(np.median(relative_errors(pair, flow_field))), 6)

    def summary(self, rows: Sequence[dict], before: Sequence[float]) -> dict:
        """Return mean, median and largest `rtre_median`, and the shares (0 to 1) of pairs worse than before and found.

        Of a method that judges itself also how many pairs were not found, how many of them it warned of, and how many
        of the found ones.
        """
        medians = np.array([row[self.key] for row in rows])
        found = medians < FOUND
        measured = {
            "rtre_mean": round(float(medians.mean()), 6),
            "rtre_median": round(float(np.median(medians)), 6),
            "rtre_worst": round(float(medians.max()), 6),
            "worse_than_before": round(float((medians > np.array(before) + 1e-6).mean()), 4),
            "found": round(float(found.mean()), 4),
        }
        if all("warnings" in row for row in rows):
            warned = np.array([bool(row["warnings"]) for row in rows])
            measured.update(
                not_found=int((~found).sum()), warned_not_found=int((warned & ~found).sum()),
                warned_found=int((warned & found).sum()),
            )
        return measured

    def cells(self, measured: dict) -> list[str]:
        """Return what stands below `columns` for a summary."""
        return [
            *(f"{measured[f'rtre_{name}']:.5f}" for name in ("mean", "median", "worst")),
            f"{100 * measured['worse_than_before']:.0f} %",
            f"{100 * measured['found']:.0f} %",
        ]

    def pair_cell(self, row: dict) -> str:
        """Return what stands for a pair in the table of single pairs."""
        return f"{1000 * row[self.key]:.1f}"


class LabelJudge:
    """Judges by labels: the mean Dice coefficient of the labels that are drawn on the fixed image."""

    key = "dice"
    columns = ("Dice, mean", "median", "worst", "worse than before")
    pairs_title = "Dice of every pair, x 100"

    def measure(self, pair: LabeledPair, flow_field: np.ndarray) -> float:
        """Return the mean Dice coefficient of a pair's labels, carried by nearest neighbor (1 is best)."""
        labels = pair.moving_labels[np.newaxis, ..., np.newaxis]
        warped = geometry.warp_labels(labels, flow_field[np.newaxis]).numpy()[0, ..., 0]
        return round(metrics.label_overlap(pair.fixed_labels, warped)["dice_mean"], 6)

    def summary(self, rows: Sequence[dict], before: Sequence[float]) -> dict:
        """Return mean, median and smallest `dice`, and the share (0 to 1) of pairs worse than before."""
        dice = np.array([row[self.key] for row in rows])
        return {
            "dice_mean": round(float(dice.mean()), 6),
            "dice_median": round(float(np.median(dice)), 6),
            "dice_worst": round(float(dice.min()), 6),
            "worse_than_before": round(float((dice < np.array(before) - 1e-6).mean()), 4),
        }

    def cells(self, measured: dict) -> list[str]:
        """Return what stands below `columns` for a summary."""
        return [
            *(f"{measured[f'dice_{name}']:.4f}" for name in ("mean", "median", "worst")),
            f"{100 * measured['worse_than_before']:.0f} %",
        ]

    def pair_cell(self, row: dict) -> str:
        """Return what stands for a pair in the table of single pairs."""
        return f"{100 * row[self.key]:.1f}"


class IntensityJudge:
    """Judges by the mean absolute intensity difference that is left, where the contrast is one; not by the field."""

    key = "l_int"
    columns = ("l_int, mean", "Δl_int %", "Δl_int %, worst", "worse than before")
    pairs_title = "Intensity error (mean absolute difference x 255) of every pair"

    def measure(self, pair: PlainPair, flow_field: np.ndarray) -> float:
        """Return the mean absolute difference of a pair, times 255 (0 is best); the moving image continues outside."""
        warped = geometry.warp_image(pair.moving[np.newaxis, ..., np.newaxis], flow_field[np.newaxis])
        difference = metrics.intensity_difference(pair.fixed[np.newaxis, ..., np.newaxis], warped)
        return round(255 * float(difference[0]), 4)

    def summary(self, rows: Sequence[dict], before: Sequence[float]) -> dict:
        """Return the mean `l_int`, `dl_int`, the share in percent that went from it, and that of the worst pair."""
        left, before = np.array([row[self.key] for row in rows]), np.array(before)
        removed = 100 * (1 - left / np.maximum(before, 1e-12))
        return {
            "l_int_mean": round(float(left.mean()), 4),
            "dl_int": round(100 * float(1 - left.sum() / max(before.sum(), 1e-12)), 2),
            "dl_int_worst": round(float(removed.min()), 2),
            "worse_than_before": round(float((left > before + 1e-4).mean()), 4),
        }

    def cells(self, measured: dict) -> list[str]:
        """Return what stands below `columns` for a summary."""
        return [
            f"{measured['l_int_mean']:.2f}", f"{measured['dl_int']:.1f}", f"{measured['dl_int_worst']:.1f}",
            f"{100 * measured['worse_than_before']:.0f} %",
        ]

    def pair_cell(self, row: dict) -> str:
        """Return what stands for a pair in the table of single pairs."""
        return f"{row[self.key]:.2f}"


Judge = LandmarkJudge | LabelJudge | IntensityJudge
JUDGES = {"landmarks": LandmarkJudge(), "labels": LabelJudge(), "none": IntensityJudge()}


def judge_of(record: dict) -> Judge:
    """Return the judge of a record; older ones, which name none, have landmarks."""
    return JUDGES[record.get("annotation", "landmarks")]
