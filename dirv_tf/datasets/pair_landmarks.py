"""Landmarks of pairs of images, and those of them that lie in a patch."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from dirv_tf.datasets.pair_table import PairFiles
from dirv_tf.io.image_files import load_image
from dirv_tf.io.landmark_files import read_landmarks
from dirv_tf.io.landmark_pairs import match_landmarks


class PairLandmarks:
    """The landmarks of some pairs, paired by their names.

    Parameters
    ----------
    pairs : sequence of PairFiles
        All with landmarks.

    Attributes
    ----------
    count : int
        Rows that every pair is filled up to: the largest number of landmarks of a pair.

    Raises
    ------
    FileNotFoundError
        If a file is not there.
    ValueError
        If one cannot be read, or those of a pair have no name in common.
    """

    def __init__(self, pairs: Sequence[PairFiles]):
        self._points, self._pixel_sizes = [], []
        for pair in pairs:
            fixed, moving = (load_image(path).geometry for path in (pair.fixed, pair.moving))
            try:
                matched = match_landmarks(
                    read_landmarks(pair.fixed_landmarks, fixed.rank, fixed),  # type: ignore[arg-type]
                    read_landmarks(pair.moving_landmarks, fixed.rank, moving),  # type: ignore[arg-type]
                )
            except ValueError as error:
                raise ValueError(f"{pair.fixed_landmarks} and {pair.moving_landmarks}: {error}") from error
            self._points.append((matched.fixed_points, matched.moving_points))
            self._pixel_sizes.append(fixed.pixel_size)
        self.count = max(len(fixed) for fixed, _ in self._points)

    def within(self, number: int, starts: Sequence[np.ndarray], size: Sequence[int]) -> list[np.ndarray]:
        """Return the landmarks of a pair in a patch.

        Parameters
        ----------
        number : int
            Of the pair.
        starts : pair of ndarray of int, shape (r,)
            First pixel of the patch in both images.
        size : sequence of int, length r
            Its sides. Landmarks that do not lie in it in both images are left out.

        Returns
        -------
        fixed, moving : ndarray of float32, shape (count, r)
            In pixels of the patch; filled up with zeros.
        weights : ndarray of float32, shape (count,)
            1, and 0 for what was filled up.
        pixel_size : ndarray of float32, shape (r,)
            Of the fixed image, in mm; 1 where the file does not say it.
        """
        points = [each - start for each, start in zip(self._points[number], starts)]
        last = np.array(size) - 1
        kept = np.logical_and.reduce([((each >= 0) & (each <= last)).all(axis=-1) for each in points])
        count = int(kept.sum())
        filled = [np.zeros((self.count, len(last)), np.float32) for _ in points]
        for each, rows in zip(points, filled):
            rows[:count] = each[kept]
        weights = (np.arange(self.count) < count).astype(np.float32)
        return [*filled, weights, np.array(self._pixel_sizes[number], np.float32)]
