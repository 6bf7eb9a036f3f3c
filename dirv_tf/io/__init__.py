"""Reading and writing files (images, volumes, flow fields, landmarks); knows nothing of models."""

from __future__ import annotations

import importlib

# Loaded on first use, so that writing a text file brings neither NumPy nor image libraries.
_NAMES = {
    "FLOW_FIELD_SUFFIXES": "flow_field_files",
    "FlowFieldFile": "flow_field_files",
    "IMAGE_SUFFIXES": "image_files",
    "ImageFile": "image_files",
    "ImageGeometry": "image_geometry",
    "LANDMARK_SUFFIXES": "landmark_files",
    "LANDMARK_UNITS": "landmark_files",
    "LandmarkPairs": "landmark_pairs",
    "Landmarks": "landmark_files",
    "SlideLevel": "slide_pyramids",
    "UnreadableFileError": "decoding",
    "load_image": "image_files",
    "match_landmarks": "landmark_pairs",
    "read_flow_field": "flow_field_files",
    "read_image": "image_files",
    "read_landmarks": "landmark_files",
    "read_uncertainty": "uncertainty_files",
    "slide_geometry": "slide_pyramids",
    "slide_levels": "slide_pyramids",
    "to_gray": "gray",
    "write_flow_field": "flow_field_files",
    "write_image": "image_files",
    "write_itk_transform": "itk_transforms",
    "write_landmarks": "landmark_files",
    "write_uncertainty": "uncertainty_files",
}

__all__ = [*_NAMES]


def __getattr__(name):
    if name in _NAMES:
        return getattr(importlib.import_module(f"{__name__}.{_NAMES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}; it has: {', '.join(__all__)}")


def __dir__():
    return sorted(__all__)
