"""One pair of many: registered, measured, written; a failure becomes a row like the others."""

from __future__ import annotations

import base64
import io
import time
import traceback
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from dirv_tf.io import ImageGeometry, load_image, match_landmarks, read_landmarks
from dirv_tf.io.atomic_write import write_json
from dirv_tf.io.landmark_pairs import leave_out
from dirv_tf.io.slide_pyramids import full_geometry
from dirv_tf.registration.images.given_image import take_pair, to_spatial_array
from dirv_tf.registration.pairs.pair_files import PairFiles
from dirv_tf.registration.pairs.pair_row import DONE, FAILED, STATISTICS, PairRow
from dirv_tf.registration.pairs.pairs_folder import EVALUATION_NAME, PairsFolder
from dirv_tf.registration.register import register
from dirv_tf.registration.results.evaluation import evaluate_field
from dirv_tf.registration.results.result import RegistrationResult
from dirv_tf.registration.results.result_folder import check_field_format, check_result_folder
from dirv_tf.resource_errors import is_disk_error

_LONGEST_REASON = 600
_JPEG_QUALITY = 75
# Landmarks in millimeters of the world, which need the geometry of their image.
_IN_THE_WORLD = (".json", ".fcsv")
# Of these the text alone says what is wrong; of others the kind of the error helps.
_EXPECTED_ERRORS = (ValueError, OSError, ImportError, MemoryError)


@dataclass(frozen=True)
class PairTask:
    """What a process needs to register a pair.

    Attributes
    ----------
    files : PairFiles
    folder : PairsFolder
    options : mapping
        Keyword arguments of `register`.
    field_format : str or None
    keep : bool
        Whether a pair that another process has done meanwhile is left as it is.
    """

    files: PairFiles
    folder: PairsFolder
    options: Mapping[str, Any]
    field_format: str | None = None
    keep: bool = False


def register_pair(task: PairTask) -> PairRow | None:
    """Register a pair and write its results, but not its record.

    Parameters
    ----------
    task : PairTask

    Returns
    -------
    PairRow or None
        None where another process is at work on the pair.

    Raises
    ------
    OSError
        When the disk is full or cannot be written.
    """
    files, folder = task.files, task.folder
    start = time.perf_counter()
    try:
        with folder.lock(files.name):
            earlier = folder.row(files.name)
            if task.keep and earlier is not None and earlier.is_done:
                return earlier
            try:
                return _registered(task)
            except Exception as error:
                if is_disk_error(error):
                    # The next pair would find no more space. Earlier results stay whole.
                    raise
                # Results of an earlier call beside a failure would pass for its results.
                folder.remove_results(files.name)
                folder.write_error(files.name, traceback.format_exc())
                return failed_row(files, _reason(error), time.perf_counter() - start)
    except BlockingIOError:
        return None


def failed_row(files: PairFiles, reason: str, seconds: float | None = None) -> PairRow:
    """Return the row of a pair that failed."""
    return PairRow(files.name, FAILED, reason, seconds, **files.cells())


def _registered(task):
    files, output = task.files, task.folder.path / task.files.name
    check_result_folder(output)
    check_field_format(task.field_format, files.fixed, files.moving, task.options.get("level"))
    given = _read_given(task)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", UserWarning)
        masks = {f"{name}_mask": given.get(f"{name}_mask") for name in ("fixed", "moving")}
        result = register(files.fixed, files.moving, **masks, **task.options)
        measured = _evaluated(result, given)
        quality = result.quality
    said = [str(each.message) for each in caught if issubclass(each.category, UserWarning)]
    (output / EVALUATION_NAME).unlink(missing_ok=True)
    result.save(output, overwrite=True, field_format=task.field_format)
    if measured:
        write_json(output / EVALUATION_NAME, measured)
    task.folder.write_thumbnails(files.name, _thumbnails(result))
    return PairRow(
        files.name,
        DONE,
        seconds=result.seconds,
        method=result.model_name,
        similarity_before=quality.similarity_before,
        similarity_after=quality.similarity_after,
        support=quality.support,
        folded_percent=quality.folded_percent,
        warnings=(*quality.warnings, *dict.fromkeys(said)),
        **_landmark_cells(measured.get("landmarks"), result),
        **_label_cells(measured.get("labels")),
        **files.cells(),
    )


def _read_given(task):
    """Read what comes with the images first: it takes little time, and a mistake in it is said at once."""
    files, given = task.files, {}
    if files.fixed_landmarks:
        given["landmarks"] = _landmarks(task)
    if files.fixed_labels:
        given["labels"] = tuple(_pixels(path) for path in (files.fixed_labels, files.moving_labels))
    for name in ("fixed_mask", "moving_mask"):
        path = getattr(files, name)
        if path:
            given[name] = _pixels(path) != 0
    return given


def _landmarks(task):
    files, geometries = task.files, (None, None)
    paths = files.fixed_landmarks, files.moving_landmarks
    if any(path.suffix.lower() in _IN_THE_WORLD for path in paths):
        choices = (task.options.get(name) for name in ("channel", "time", "level"))
        images = take_pair(files.fixed, files.moving, *choices)
        geometries = tuple(full_geometry(image.geometry, image.level) for image in images)
    fixed, moving = (read_landmarks(path, geometry=geometry) for path, geometry in zip(paths, geometries))
    counted = leave_out((fixed, moving), files.exclude)
    match_landmarks(*counted)
    return counted


def _pixels(path):
    image = load_image(path)
    if image.is_color:
        raise ValueError(f"Expected one number per pixel in labels and masks. Received: path={path}, which is in color")
    # A map of 1 bit has the labels 0 and 1.
    return image.pixels.astype(np.uint8) if image.pixels.dtype == bool else image.pixels


def _evaluated(result: RegistrationResult, given):
    wanted = {name: given[name] for name in ("landmarks", "labels") if name in given}
    if not wanted:
        return {}
    moving_size = to_spatial_array(result.moving, "moving")[0].shape
    return evaluate_field(
        result.flow_field,
        _pixel_size(result),
        moving_size=moving_size,
        initial=result.initial,
        levels=result.levels,
        **wanted,
    )


def _pixel_size(result):
    """Millimeters per pixel, where something is known of them."""
    geometry = result.fixed_geometry
    return None if geometry.is_close(ImageGeometry.unit(result.rank)) else geometry.pixel_size


def _landmark_cells(measured, result):
    if measured is None:
        return {}
    cells = {"landmarks": measured["count"], "robustness": measured["robustness"]}
    cells["tre_unit"] = "px" if _pixel_size(result) is None else "mm"
    for name in (f"{error}_{statistic}" for error in ("tre", "rtre") for statistic in STATISTICS):
        cells[f"{name}_before"], cells[f"{name}_after"] = measured[f"{name}_before"], measured[name]
    return cells


def _label_cells(measured):
    return {} if measured is None else {f"dice_{when}": measured[when]["dice_mean"] for when in ("before", "after")}


def _thumbnails(result):
    # matplotlib is loaded for who draws.
    from dirv_tf.figures import pair_thumbnails

    field = result.initial.decomposed(result.flow_field)
    pictures = pair_thumbnails(**result.unit_interval_images(), flow_field=field)
    return {title: _address(pixels) for title, pixels in pictures.items()}


def _address(pixels: np.ndarray) -> str:
    """Return a picture as an address that holds it, for a page in one file."""
    from PIL import Image

    # Gray ones take half the place without colors.
    is_gray = bool((pixels == pixels[..., :1]).all())
    stream = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(pixels[..., 0] if is_gray else pixels)).save(
        stream, "JPEG", quality=_JPEG_QUALITY, optimize=True
    )
    return "data:image/jpeg;base64," + base64.b64encode(stream.getvalue()).decode("ascii")


def _reason(error):
    text = " ".join(str(error).split())
    if not isinstance(error, _EXPECTED_ERRORS) or not text:
        text = f"{type(error).__name__}: {text}" if text else type(error).__name__
    return text if len(text) <= _LONGEST_REASON else f"{text[: _LONGEST_REASON - 2]} …"
