"""Slides for the tests of reading and writing them."""

import numpy as np
import pytest
import tifffile


@pytest.fixture
def write_pyramid():
    """Write an image and its halves, quarters, ... as SubIFDs or reduced pages, by tifffile alone."""

    def make(path, pixels, levels=3, subifds=True, **options):
        color = {"photometric": "rgb"} if pixels.ndim == 3 else {}
        options = {"tile": (32, 32), "compression": "zlib", "metadata": None, **color, **options}
        with tifffile.TiffWriter(path) as writer:
            writer.write(pixels, **options, **({"subifds": levels - 1} if subifds else {}))
            for level in range(1, levels):
                writer.write(np.ascontiguousarray(pixels[:: 2**level, :: 2**level]), subfiletype=1, **options)
        return path

    return make
