"""Draws tissue.png: patches of two training and two test tissues of the shipped sections."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from PIL import Image

from dirv_tf.datasets.tissue_patches import PatchSettings, cut_patches
from dirv_tf.io.atomic_write import atomic_path

SECTIONS = Path(__file__).parents[2] / "data" / "sections"
ROWS = (("cells/he.tif", "lung_lobes/he.png"), ("lung_lesion/he.jpg", "nuclei/ki67_scanner_1.tif"))
GAP = 6


def main(folder=Path(__file__).parent):
    """Write the picture into a folder."""
    rows = []
    for names in ROWS:
        patches = [patch.pixels for name in names for patch in cut_patches(SECTIONS / name, name, 2, PatchSettings())]
        rows.append(np.hstack([np.pad(patch, GAP // 2, constant_values=255) for patch in patches]))
    # Half the size shows as much and makes the file a quarter as large.
    picture = Image.fromarray(np.vstack(rows)).reduce(2)
    with atomic_path(Path(folder) / "tissue.png") as temporary:
        picture.quantize(32).save(temporary, optimize=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
