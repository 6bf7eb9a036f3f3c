"""Points as QuPath exports them: GeoJSON, in pixels counted from the corner of the image."""

from __future__ import annotations

import json

import numpy as np

from dirv_tf.validation import UnreadableFileError, shown

# QuPath's zero is the outer corner of the first pixel, ours its center.
_CENTER = 0.5


def parse_geojson(path, content):
    """Read the names and coordinates of the points in a GeoJSON file.

    Parameters
    ----------
    path : Path
        For error messages.
    content : dict or list
        The whole file: a FeatureCollection, a list of features, or one.

    Returns
    -------
    tuple of (list of str, ndarray of shape (n, 2))
        Coordinates x, y in pixels, the center of the first one at 0. A point is called by the name of its object, in an
        object of several points with a number behind it; without one by its number in the file.

    Raises
    ------
    UnreadableFileError
        If there is an object that is no point, or two points have one name.
    """
    features = content.get("features", [content]) if isinstance(content, dict) else content
    # A dictionary keeps the order, and finds a double at once.
    names = {}
    points = []
    for number, feature in enumerate(features, 1):
        geometry = feature.get("geometry") if isinstance(feature, dict) else None
        kind = geometry.get("type") if isinstance(geometry, dict) else None
        places = geometry.get("coordinates") if kind in ("Point", "MultiPoint") else None
        places = [places] if kind == "Point" else places
        if not isinstance(places, list) or not all(map(_is_place, places)):
            raise UnreadableFileError(
                "Expected points alone, each of two numbers x, y; export no other annotations. "
                f"Received: object {number} of {path} with {shown(kind, 60)} {shown(places, 60)}"
            )
        base = str((feature.get("properties") or {}).get("name") or "").strip()
        for count, place in enumerate(places):
            name = str(len(names)) if not base else base if len(places) == 1 else f"{base} {count}"
            if name in names:
                raise UnreadableFileError(
                    f"Expected a name that no other point has, of object {number} of {path}. Received: {shown(name)}"
                )
            names[name] = None
            points.append(place[:2])
    return list(names), np.reshape(points, (-1, 2)) - _CENTER


def geojson_text(names, points):
    """Return a GeoJSON file of points.

    Parameters
    ----------
    names : sequence of str
    points : ndarray of shape (n, 2)
        Coordinates x, y in pixels, the center of the first one at 0.

    Returns
    -------
    str
    """
    features = [
        {
            "type": "Feature",
            "geometry": {"type": "Point", "coordinates": place},
            "properties": {"objectType": "annotation", "name": name},
        }
        for name, place in zip(names, (points + _CENTER).tolist())
    ]
    return json.dumps({"type": "FeatureCollection", "features": features}, indent=2, ensure_ascii=False) + "\n"


def _is_place(place):
    """Whether it is x and y, perhaps with a third number, which GeoJSON allows."""
    if not isinstance(place, list) or len(place) not in (2, 3):
        return False
    return all(isinstance(value, (int, float)) and np.isfinite(value) for value in place)
