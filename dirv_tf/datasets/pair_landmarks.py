"""Landmarks of pairs of images, and those of them that lie in a patch."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple, cast

import numpy as np

from dirv_tf.datasets.pair_table import PairFiles
from dirv_tf.io.image_files import load_image
from dirv_tf.io.landmark_files import read_landmarks
from dirv_tf.io.landmark_pairs import leave_out, match_landmarks


class LandmarkPair(NamedTuple):
    """The landmarks of a pair that have the same names.

    Attributes
    ----------
    fixed, moving : ndarray of float64, shape (n, r), pixels
    pixel_size : sequence of float, length r
        Of the fixed image, in mm; 1 where the file does not say it.
    files : pair of Path
    """

    fixed: np.ndarray
    moving: np.ndarray
    pixel_size: Sequence[float]
    files: tuple[Path, Path]

    @classmethod
    def read(cls, pair: PairFiles) -> LandmarkPair:
        """Read the landmarks of a pair that has some.

        Raises
        ------
        FileNotFoundError
            If a file is not there.
        ValueError
            If one cannot be read, or they have no name in common.
        """
        fixed, moving = (load_image(path).geometry for path in (pair.fixed, pair.moving))
        files = cast("tuple[Path, Path]", (pair.fixed_landmarks, pair.moving_landmarks))
        try:
            both = read_landmarks(files[0], fixed.rank, fixed), read_landmarks(files[1], fixed.rank, moving)
            matched = match_landmarks(*leave_out(both, pair.exclude))
        except ValueError as error:
            raise ValueError(f"{files[0]} and {files[1]}: {error}") from error
        return cls(matched.fixed_points, matched.moving_points, fixed.pixel_size, files)


class PairLandmarks:
    """The landmarks of some pairs, filled up to one number.

    Parameters
    ----------
    pairs : sequence of LandmarkPair

    Attributes
    ----------
    count : int
        Rows that every pair is filled up to: the largest number of landmarks of a pair.
    files : tuple of pair of Path
        Of every pair.
    """

    def __init__(self, pairs: Sequence[LandmarkPair]):
        self._pairs = tuple(pairs)
        self.files = tuple(pair.files for pair in self._pairs)
        self.count = max(len(pair.fixed) for pair in self._pairs)

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
        pair = self._pairs[number]
        points = [each - start for each, start in zip((pair.fixed, pair.moving), starts)]
        last = np.array(size) - 1
        kept = np.logical_and.reduce([((each >= 0) & (each <= last)).all(axis=-1) for each in points])
        count = int(kept.sum())
        filled = [np.zeros((self.count, len(last)), np.float32) for _ in points]
        for each, rows in zip(points, filled):
            rows[:count] = each[kept]
        weights = (np.arange(self.count) < count).astype(np.float32)
        return [*filled, weights, np.array(pair.pixel_size, np.float32)]
