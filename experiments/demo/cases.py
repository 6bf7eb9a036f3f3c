"""The images of the demo: those that come with the project, or a user's own; deformed by known fields."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np

from dirv_tf.io.file_paths import existing_file, known_suffix
from experiments.folders import CHECKOUT

DATA_FOLDER = CHECKOUT / "data"
# Mean length of the fields in pixels, that of the networks' training. Unscaled, a random affine map would move a large
# image's corners several times as far as those of the 64 x 64 training images.
MEAN_DISPLACEMENT = 2.0
# Intensities up to this one are empty background, in images that have one.
BACKGROUND = 0.02


class Case(NamedTuple):
    """An image of the demo.

    Attributes
    ----------
    title : str
    file : str
        Under data/, or an absolute path.
    empty_background : bool
        Whether a part of it is empty and black, which metrics are not averaged over.
    field : int
        Number of its random field. That of a user's own image is 0, whatever is named beside it.
    stretch : bool
        Whether its own 0.5 and 99.5 percentiles become 0 and 1, and not the ends of its integer type.
    """

    title: str
    file: str
    field: int = 0
    empty_background: bool = False
    stretch: bool = False

    @property
    def name(self):
        """The file's name without its suffix."""
        from dirv_tf.io.image_files import IMAGE_SUFFIXES

        return Path(self.file).name[: -len(known_suffix(self.file, IMAGE_SUFFIXES))]


CASES = (
    Case("epithelium, H&E", "tissue/epithelium_he.png", field=0),
    Case("cells, H&E", "tissue/cells_he.png", field=1),
    Case("nuclei, Ki67", "tissue/ki67_scanner_1.png", field=2),
    Case("colon glands, FHL2", "tissue/colon_ihc.png", field=3),
    Case("brain, T1", "volumes/brain_t1.tif", field=4, empty_background=True),
)


def own_cases(paths):
    """Return the cases of a user's own images.

    Parameters
    ----------
    paths : sequence of str or Path
        Whatever `dirv_tf.io.load_image` reads.

    Returns
    -------
    tuple of Case

    Raises
    ------
    FileNotFoundError
        For a file that is not there.
    ValueError
        For a file of an unknown kind, and for two files of one name: their pictures would overwrite each other.
    """
    cases = {}
    for path in paths:
        path = existing_file(path, "an image").resolve()
        case = Case(path.name, str(path), empty_background=True, stretch=True)
        other = cases.setdefault(case.name, case)
        if other is not case:
            raise ValueError(f"Expected images of different names. Received: {other.file} and {path}")
    return tuple(cases.values())


def deformed_pair(case, seed, side=None):
    """Deform an image by a random field and swap the two, so that the field is exactly the one to find (thesis 5.5).

    The field is scaled to a mean length of `MEAN_DISPLACEMENT`.

    Parameters
    ----------
    case : Case
    seed : int
        Seed of the fields.
    side : int, optional
        Only the middle of the image, at most so many pixels along every axis.

    Returns
    -------
    tuple of (fixed, moving, flow field)
        float32 images of shape (n_1, ..., n_r) in [0, 1]; field of shape (n_1, ..., n_r, r), pixels.

    Raises
    ------
    ValueError
        For an image that cannot be read, or is even.
    """
    from dirv_tf import geometry, synthesis

    moving = _middle(_read(case), side)
    flow_field = synthesis.random_fields(moving.shape, seed, indices=[case.field], batch_index=case.field, kind="both")
    flow_field *= MEAN_DISPLACEMENT / np.linalg.norm(flow_field, axis=-1).mean()
    fixed = geometry.warp_image(moving[np.newaxis, ..., np.newaxis], flow_field)
    return fixed[0, ..., 0].numpy(), moving, flow_field[0].numpy()


def _read(case):
    from dirv_tf.datasets.intensities import robust_range
    from dirv_tf.io.gray import to_gray
    from dirv_tf.io.image_files import load_image
    from dirv_tf.registration.images.intensities import check_intensities, to_unit_interval

    image = load_image(DATA_FOLDER / case.file)
    pixels = to_gray(image.pixels) if image.is_color else image.pixels
    if not case.stretch:
        return pixels.astype(np.float32) / np.iinfo(pixels.dtype).max
    check_intensities(pixels, case.file)
    return to_unit_interval(pixels, robust_range(pixels))


def _middle(image, side):
    if side is None:
        return image
    starts = [max(0, (length - side) // 2) for length in image.shape]
    return image[tuple(slice(start, start + side) for start in starts)]
