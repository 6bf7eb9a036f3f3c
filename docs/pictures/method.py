"""Draws the pictures of the page "How DIRV-Net works": method_network.svg, method_unit.svg and so on.

From the checkout's root, in the environment that `make setup` makes::

    .venv/bin/python docs/pictures/method.py [FOLDER]

The images, fields, kernels and potentials in them are computed by the package and its shipped networks; the same
versions give the same bytes every time. `make notebooks` draws them too.
"""

from __future__ import annotations

import sys
from pathlib import Path

import matplotlib
from method_parts import control_points, experts, network, pair, patches, unit

from dirv_tf.io.atomic_write import atomic_path

DRAWINGS = {
    "method_network": network.draw,
    "method_unit": unit.draw,
    "method_control_points": control_points.draw,
    "method_experts": experts.draw,
    "method_pair": pair.draw,
    "method_patches": patches.draw,
}


def main(folder=Path(__file__).parent):
    """Write the pictures into a folder."""
    settings = {"svg.hashsalt": "dirv_tf", "font.family": "DejaVu Sans", "font.size": 9}
    with matplotlib.rc_context(settings):
        for name, draw in DRAWINGS.items():
            with atomic_path(Path(folder) / f"{name}.svg") as temporary:
                # The resolution is that of the images inside.
                draw().savefig(temporary, format="svg", dpi=100, metadata={"Date": None})


if __name__ == "__main__":
    main(*sys.argv[1:])
