"""Draws registration.png: tissue deformed by a known field, registered by a shipped network."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from PIL import Image

import dirv_tf
from dirv_tf import geometry, synthesis
from dirv_tf.figures import figure_to_rgb
from dirv_tf.io.atomic_write import atomic_path
from dirv_tf.io.image_files import read_image

TISSUE = Path(__file__).parents[2] / "data" / "tissue" / "epithelium_he.png"
# Mean length of the field in pixels, as in the networks' training.
MEAN_DISPLACEMENT = 2.0


def main(folder=Path(__file__).parent):
    """Write the picture into a folder."""
    moving = read_image(TISSUE).astype(np.float32) / 255
    field = synthesis.random_fields(moving.shape, seed=3, indices=[0], batch_index=0, kind="nonrigid")
    field *= MEAN_DISPLACEMENT / np.linalg.norm(field, axis=-1).mean()
    fixed = geometry.warp_image(moving[None, ..., None], field)[0, ..., 0].numpy()
    picture = figure_to_rgb(dirv_tf.register(fixed, moving, model="A-6").plot())
    with atomic_path(Path(folder) / "registration.png") as temporary:
        # A palette makes the file a third as large.
        smaller = Image.fromarray(picture).quantize(192, method=Image.Quantize.MAXCOVERAGE, kmeans=1)
        smaller.save(temporary, optimize=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
