"""A registration from the folder into which it was saved."""

from __future__ import annotations

import os
from typing import Any

import numpy as np

from dirv_tf.io import read_image, read_uncertainty
from dirv_tf.io.decoding import decoding
from dirv_tf.registration.images.given_image import take_image
from dirv_tf.registration.results.result import RegistrationResult
from dirv_tf.registration.results.saved_map import SavedMap, read_saved_map
from dirv_tf.validation import UnreadableFileError, shown


def load_result(folder: Any, fixed: Any = None, moving: Any = None) -> RegistrationResult:
    """Read a registration that `RegistrationResult.save` or ``dirv-tf register`` wrote.

    Parameters
    ----------
    folder : str or path
    fixed, moving : array_like, str or path, optional
        The images, which the folder does not hold. Default: the files that were registered, where they were then,
        relative to the working folder where they were given so. Of files, the same channel and time are taken.

    Returns
    -------
    RegistrationResult

    Raises
    ------
    FileNotFoundError
        If the folder, its field or an image is not there.
    ValueError
        If the folder holds no registration, or an image is none or of another size; or where arrays were registered and
        are not given.

    Examples
    --------
    >>> import dirv_tf
    >>> dirv_tf.register("fixed.png", "moving.png").save("result")  # doctest: +SKIP
    >>> dirv_tf.load_result("result").inverse().save("inverse")  # doctest: +SKIP
    """
    return result_with_images(read_saved_map(folder), fixed, moving)


def result_with_images(saved: SavedMap, fixed: Any = None, moving: Any = None) -> RegistrationResult:
    """Return the registration of a map that was read, with its images; see `load_result`.

    Parameters
    ----------
    saved : SavedMap
    fixed, moving : array_like, str or path, optional

    Returns
    -------
    RegistrationResult
    """
    content, field = saved.content, saved.field
    sizes = {"fixed": field.flow_field.shape[:-1], "moving": field.moving_size}
    given = {"fixed": fixed, "moving": moving}
    images = {
        name: _image(saved, name, given[name], sizes[name], choice, level)
        for name, choice, level in zip(given, saved.choices, field.levels)
    }
    with decoding(saved.folder, "the folder of a registration"):
        masks = [name for name in content["files"] if name.startswith("has_inverse.")]
        deviations = [n for n in content["files"] if n.startswith("uncertainty.") and not n.endswith(".png")]
        without = [name for name in content["files"] if name.startswith("without_counterpart.")]
        (registered,) = (name for name in content["files"] if name.startswith("registered."))
        return RegistrationResult(
            registered=read_image(saved.folder / registered),
            flow_field=field.flow_field,
            displacement_field=field.flow_field[tuple(slice(None, None, step) for step in saved.spacing)].copy(),
            fixed=images["fixed"].pixels,
            moving=images["moving"].pixels,
            model_name=content["method"],
            spacing=saved.spacing,
            seconds=content["seconds"],
            fixed_geometry=field.fixed_geometry,
            moving_geometry=field.moving_geometry,
            fixed_path=images["fixed"].path,
            moving_path=images["moving"].path,
            choices=saved.choices,
            levels=field.levels,
            intensity_ranges=tuple(tuple(content["intensity_ranges"][name]) for name in ("fixed", "moving")),
            notes=tuple(content["notes"]),
            rounds=content["rounds"],
            initial=saved.initial,
            linear=saved.linear,
            alignment=saved.alignment,
            doubts=saved.doubts,
            has_inverse=read_image(saved.folder / masks[0]) > 0 if masks else None,
            without_counterpart=read_image(saved.folder / without[0]).astype(np.float32) / 255 if without else None,
            standard_deviation=read_uncertainty(saved.folder / deviations[0]) if deviations else None,
        )


def _image(saved, name, given, size, choice, level):
    """Return an image of the registration, given or where it was."""
    path = saved.content.get(name) if given is None else given
    if given is None and not isinstance(path, (str, type(None))):
        raise UnreadableFileError(f"Expected the path of an image. Received: {name}={shown(path)} in {saved.folder}")
    if path is None:
        raise ValueError(
            f"Expected the {name} image, since an array was registered. Received: {name}=None for {saved.folder}"
        )
    is_file = isinstance(path, (str, os.PathLike))
    try:
        image = take_image(path, name, *((*choice, level.number if level else 0) if is_file else ()))
    except FileNotFoundError:
        raise FileNotFoundError(
            f"Expected the {name} image that was registered; say where it is now. "
            f"Received: {name}={path}, which does not exist (folder={saved.folder})"
        ) from None
    if image.array.shape != size:
        raise ValueError(
            f"Expected the {name} image of the registration in {saved.folder}, of {' x '.join(map(str, size))} pixels. "
            f"Received: {name} of {' x '.join(map(str, image.array.shape))} pixels"
        )
    return image
