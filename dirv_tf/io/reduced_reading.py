"""A large TIFF without levels, read as one of them would be: the means of its pixels, a band of rows at a time."""

from __future__ import annotations

import numpy as np

from dirv_tf.io.tiff_regions import RegionReader

# Of the file at a time.
_BAND_PIXELS = 2**23


def read_reduced(path, level, channel=None, time=None):
    """Read the first image of a TIFF file reduced by a whole number.

    Parameters
    ----------
    path : Path
    level : SlideLevel
        Its step is that number, for both axes.
    channel, time
        Which one of several, see `choose`.

    Returns
    -------
    tuple of (ndarray, bool, tuple of str)
        The means of ``step x step`` pixels each, of those that there are at the lower and right border; integers are
        rounded, and 1 bit becomes 0 to 255. Whether they are in color; notes on what was changed and chosen.

    Raises
    ------
    UnreadableFileError
        As `RegionReader`.
    """
    step = int(level.step[0])
    with RegionReader(path, channel, time) as reader:
        rows, columns = reader.size
        band = step * max(1, _BAND_PIXELS // (step * columns))
        parts = [
            _means(reader.read((first, 0), (min(band, rows - first), columns)), step)
            for first in range(0, rows, band)
        ]
        return np.concatenate(parts), reader.channels > 0, reader.notes


def _means(pixels, step):
    dtype, is_bit = pixels.dtype, pixels.dtype.kind == "b"
    values = pixels.astype(np.float64) * (255 if is_bit else 1)
    for axis, side in enumerate(values.shape[:2]):
        starts = np.arange(0, side, step)
        counts = np.minimum(starts + step, side) - starts
        values = np.add.reduceat(values, starts, axis) / np.expand_dims(counts, tuple({*range(values.ndim)} - {axis}))
    if is_bit:
        return np.rint(values).astype(np.uint8)
    return (np.rint(values) if np.issubdtype(dtype, np.integer) else values).astype(dtype)
