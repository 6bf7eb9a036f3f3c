"""Pairs of sections made ready for a small network: reduced, and linearly aligned by their intensities."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from dirv_tf import geometry
from dirv_tf.io import Landmarks, write_landmarks
from dirv_tf.io.atomic_write import atomic_path, write_csv
from dirv_tf.registration import register
from experiments.comparison.real.judges import relative_errors
from experiments.comparison.real.pair_table import RealPair
from experiments.comparison.real.prepared_pair import PreparedPair, prepared

SIDE = 256
COLUMNS = ("fixed", "moving", "fixed_landmarks", "moving_landmarks")


def tissue_of(pair: RealPair) -> str:
    """Return the folder of a pair's images, which is named after the tissue."""
    return pair.fixed.parent.name


def aligned(pair: PreparedPair) -> PreparedPair:
    """Return a pair whose moving image lies on the fixed one as far as an affine map can bring it there.

    The map is the linear part of what `register` finds by the intensities alone.

    Parameters
    ----------
    pair : PreparedPair

    Returns
    -------
    PreparedPair
        The moving image on the fixed one's pixels.
    """
    linear = register(pair.fixed, pair.moving, align="affine", similarity="mind").linear
    size = pair.fixed.shape
    places = np.stack(np.meshgrid(*(np.arange(side) for side in size), indexing="ij"), axis=-1)
    field = (linear.applied(places) - places).astype(np.float32)
    moving = geometry.warp_image(pair.moving[np.newaxis, ..., np.newaxis], field[np.newaxis]).numpy()[0, ..., 0]
    return pair._replace(moving=moving, moving_points=linear.inverse().applied(pair.moving_points))


def median_error(pair: PreparedPair, flow_field: np.ndarray | None = None) -> float:
    """Return the median rTRE of a pair's landmarks by a field, or as they are."""
    field = np.zeros((*pair.fixed.shape, 2), np.float32) if flow_field is None else flow_field
    return float(np.median(relative_errors(pair, field)))


def prepare(pairs: Sequence[RealPair], folder: Path, side: int = SIDE) -> tuple[list[PreparedPair], list[float]]:
    """Reduce and align pairs, and write them with a table of them in both directions.

    Parameters
    ----------
    pairs : sequence of RealPair
    folder : Path
        Gets images, landmarks and `pairs.csv`.
    side : int
        Longer side of the images, pixels.

    Returns
    -------
    ready : list of PreparedPair
        In the order of `pairs`.
    before : list of float
        Median rTRE of each before the alignment.
    """
    folder.mkdir(parents=True, exist_ok=True)
    ready, before, rows = [], [], []
    for number, each in enumerate(pairs):
        pair = prepared(each, side)
        before.append(median_error(pair))
        ready.append(aligned(pair))
        files = _written(ready[-1], folder / f"{number:02d}")
        rows += [dict(zip(COLUMNS, files)), dict(zip(COLUMNS, (files[1], files[0], files[3], files[2])))]
    write_csv(folder / "pairs.csv", list(COLUMNS), rows)
    return ready, before


def _written(pair, stem):
    """Write both images and their landmarks; return the names of the four files."""
    images = {"fixed": (pair.fixed, pair.fixed_points), "moving": (pair.moving, pair.moving_points)}
    for name, (image, points) in images.items():
        path = stem.with_name(f"{stem.name}_{name}.npy")
        with atomic_path(path) as temporary, open(temporary, "wb") as stream:
            np.save(stream, np.clip(image, 0, 1).astype(np.float32))
        numbers = tuple(map(str, range(len(points))))
        write_landmarks(path.with_suffix(".csv"), Landmarks(numbers, points), overwrite=True)
    return [f"{stem.name}_{name}.{suffix}" for suffix in ("npy", "csv") for name in images]
