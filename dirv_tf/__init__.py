"""DIRV-Net in TensorFlow: variational networks for 2D and 3D deformable image registration.

Conventions, everywhere in the package:

- Arrays are channel last, 2D or 3D through one code path: images ``(B, n_1, ..., n_r, 1)``, float32 in [0, 1].
- A *flow field* ``(B, n_1, ..., n_r, r)`` holds one displacement per pixel, a *displacement field*
  ``(B, n_1 / s, ..., n_r / s, r)`` one per control point; control point ``k`` sits at pixel ``s k`` (``s`` = 4).
- Component ``i`` is a displacement **in pixels of the level it lives on, along array axis** ``i`` (never x/y order).
- Warping is backward: ``warp(I, F)[p] = I(p + F[p])``, linear, coordinates clamped to the border.
- Pyramid levels are counted from the coarsest (0) to the finest.
"""

from __future__ import annotations

import importlib

__version__ = "0.1.0"

# Loaded on first use, so that importing one layer does not pull in training, figures or file formats.
_MODULES = (
    "datasets", "figures", "geometry", "io", "layers", "losses", "metrics", "models", "registration", "report",
    "synthesis", "training",
)
_FUNCTIONS = {
    "DIRVNet": "dirv_tf.models",
    "RegistrationResult": "dirv_tf.registration",
    "load_pretrained": "dirv_tf.models",
    "load_result": "dirv_tf.registration",
    "register": "dirv_tf.registration",
    "register_pairs": "dirv_tf.registration",
    "uncertainty": "dirv_tf.registration",
}

__all__ = ["__version__", *_MODULES, *_FUNCTIONS]


def __getattr__(name):
    if name in _FUNCTIONS:
        return getattr(importlib.import_module(_FUNCTIONS[name]), name)
    if name in _MODULES:
        return importlib.import_module(f"dirv_tf.{name}")
    raise AttributeError(f"module 'dirv_tf' has no attribute {name!r}; it has: {', '.join(__all__)}")


def __dir__():
    return sorted(__all__)
