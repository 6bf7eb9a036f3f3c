"""What `metrics.json` of a registration says of its map beside the flow field, and how it is read again."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from dirv_tf.io import FlowFieldFile, ImageGeometry, read_flow_field
from dirv_tf.io.file_paths import file_json
from dirv_tf.registration.alignment.align import Alignment
from dirv_tf.registration.images.given_image import to_spatial_array
from dirv_tf.registration.maps.linear_map import LinearMap
from dirv_tf.validation import UnreadableFileError, cut, integer, list_of

if TYPE_CHECKING:
    from dirv_tf.registration.results.result import RegistrationResult

METRICS_NAME = "metrics.json"
KIND = "dirv_tf registration"


@dataclass(frozen=True, eq=False)
class SavedMap:
    """The map of a registration in a folder.

    Attributes
    ----------
    folder : Path
    content : dict
        Of `metrics.json`.
    field : FlowFieldFile
    linear, initial : LinearMap
        As of `RegistrationResult`.
    spacing : tuple of int, length r
        Control-point spacing in pixels.
    alignment : Alignment or None
    doubts : tuple of str
    choices : tuple of two (channel, time)
    field_name : str
        Of the file of the field, without the folder.
    """

    folder: Path
    content: dict[str, Any]
    field: FlowFieldFile
    linear: LinearMap
    initial: LinearMap
    spacing: tuple[int, ...]
    alignment: Alignment | None
    doubts: tuple[str, ...]
    choices: tuple[tuple[Any, Any], ...]
    field_name: str


def map_content(result: RegistrationResult) -> dict[str, Any]:
    """Return what `read_saved_map` needs beside the field, for a JSON file.

    Parameters
    ----------
    result : RegistrationResult

    Returns
    -------
    dict
    """
    return {
        "fixed_geometry": _plain(result.fixed_geometry),
        "moving_geometry": _plain(result.moving_geometry),
        "moving_size": to_spatial_array(result.moving, "moving")[0].shape,
        "control_point_spacing": result.spacing,
        "initial": np.column_stack([result.initial.matrix, result.initial.translation]).tolist(),
        "alignment": result.alignment and _plain(result.alignment),
        "doubts": result.doubts,
        "choices": result.choices,
    }


def read_saved_map(folder: Any) -> SavedMap:
    """Read the map that `RegistrationResult.save` wrote into a folder.

    Parameters
    ----------
    folder : str or Path

    Returns
    -------
    SavedMap

    Raises
    ------
    FileNotFoundError
        If there is no such folder, or the field is missing.
    UnreadableFileError
        If the folder holds no registration, or one that an older version wrote.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise FileNotFoundError(f"Expected the folder of a registration. Received: folder={folder}")
    content = read_content(folder)
    if content is None:
        raise UnreadableFileError(
            f"Expected the folder of a registration, as dirv-tf register writes it. Received: folder={folder}, without "
            f"the {METRICS_NAME} of one"
        )
    # Whatever the list says, nothing outside the folder is read.
    content["files"] = [name for name in content["files"] if name == Path(name).name]
    name = next((name for name in content["files"] if name.startswith("flow_field.")), "flow_field")
    try:
        known = content["map"]
        fixed, moving = (ImageGeometry(**known[f"{which}_geometry"]) for which in ("fixed", "moving"))
        linear, initial = _linear(content["affine"]), _linear(known["initial"])
        alignment = known["alignment"] and _alignment(**known["alignment"])
        moving_size, spacing = (
            list_of(integer(1), 2, 3)(key, known[key]) for key in ("moving_size", "control_point_spacing")
        )
        doubts = tuple(known["doubts"])
        choices = tuple((channel, time) for channel, time in known["choices"])
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError):
        raise UnreadableFileError(
            f"Expected the results of this version. Received: folder={folder}, written by version "
            f"{cut(content.get('version'))}; its field can be used alone: {folder / name}"
        ) from None
    read = read_flow_field(folder / name, moving)
    if read.levels[1] is not None and read.levels[1].size != tuple(moving_size):
        raise UnreadableFileError(
            f"Expected the results of this version, with a level of {tuple(moving_size)} pixels. "
            f"Received: {read.levels[1]} in {folder / name}"
        )
    field = FlowFieldFile(read.flow_field, fixed, moving, moving_size, read.levels)
    return SavedMap(folder, content, field, linear, initial, spacing, alignment, doubts, choices, name)


def read_content(folder: Path) -> dict[str, Any] | None:
    """Return what `metrics.json` in a folder says, or None where it is not that of a registration."""
    try:
        content = file_json(folder / METRICS_NAME)
        are_texts = isinstance(content["files"], list) and all(isinstance(name, str) for name in content["files"])
        return content if content["kind"] == KIND and are_texts else None
    except (OSError, ValueError, LookupError, TypeError):
        return None


def _plain(values):
    return dataclasses.asdict(values)


def _alignment(matrix, translation, **values):
    return Alignment(np.array(matrix, np.float64), np.array(translation, np.float64), **values)


def _linear(affine):
    affine = np.array(affine, np.float64)
    return LinearMap(affine[:, :-1], affine[:, -1])
