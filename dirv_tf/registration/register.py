"""Registration of one pair of images."""

from __future__ import annotations

import time

import numpy as np

from dirv_tf.registration.block_warping import warp_in_blocks
from dirv_tf.registration.given_image import pair_geometries, take_image
from dirv_tf.registration.image_arrays import check_same_shape
from dirv_tf.registration.inference import compiled_network
from dirv_tf.registration.intensities import (
    check_intensities,
    intensity_ranges,
    to_unit_interval,
    warn_of_low_contrast,
)
from dirv_tf.registration.model_choice import choose_model
from dirv_tf.registration.result import RegistrationResult
from dirv_tf.registration.tiling import halvings, register_halved, register_in_tiles, tile_sides

DEFAULT_ROUNDS = 10
DEFAULT_MODELS = {2: "best-2d", 3: "best-3d"}


def register(
    fixed, moving, model=None, *, refine=False, normalize="model", tile=None, spacing=None, progress=None
) -> RegistrationResult:
    """Find where each pixel of the fixed image lies in the moving image, and warp the moving image onto the fixed one.

    Images of any size from two control points per axis on (8 pixels) are taken. Where a side is no multiple of
    `model.size_multiples` the images are padded at the end by edge replication and the results cropped back. The first
    call for an architecture traces TensorFlow graphs, which takes a second or two; they serve images of every size.

    Parameters
    ----------
    fixed : array_like, shape (n_1, ..., n_r) or (n_1, ..., n_r, 1), r = 2 or 3; or str or path
        A gray image: floating-point intensities in [0, 1], or uint8 or uint16; with `normalize` "joint" or "each" any
        real numbers. Or a file that `dirv_tf.io.load_image` reads, of any real numbers; color is turned into gray.
    moving : like `fixed`, of the same shape
        It may be of another dtype. Two files must agree in spacing and directions.
    model : str, path, RegistrationNetwork or None
        Name of a shipped model (`pretrained_names()` lists them), path of a weights file or of the folder that holds
        it, or a network. None: best-2d for images, best-3d for volumes.
    refine : bool or int
        Whether to register the result again as long as that lowers its intensity error, and at most how often (True:
        10 times), see `dirv_tf.models.RecurrentRefinement`. With tiles, each on its own.
    normalize : {"model", "type", "joint", "each"}
        How intensities become [0, 1] for the network. "type": by the range of the integer type (255 or 65535; stretch
        12-bit data in uint16 first); floating-point numbers must lie in [0, 1]. "joint": by the smallest and largest
        intensity of the pair. "each": every image by its own 0.5 and 99.5 percentiles, beyond which it is clipped.
        "model": the rule that the model was trained with (its `normalization`); "type" where it states none. Where
        "model" means "type" and a file's intensities do not allow that, "joint" takes its place, and the result's notes
        say so.
    tile : int, sequence of int, False or None
        Side of overlapping tiles in pixels, one for all axes or one per axis; False: one piece, whatever the memory.
        None: tiles for images of more than four million pixels.
    spacing : float or sequence of float, optional
        Millimeters per pixel, one number or one per array axis, for arrays and for files that know none.
    progress : callable, optional
        Called with the number of tiles done and of all tiles after each tile.

    Returns
    -------
    RegistrationResult
        With the registered image (like `moving`), the dense flow field and the displacement field at the control
        points (pixels, array-axis order, backward).

    Raises
    ------
    FileNotFoundError, ImportError
        For a file that does not exist, or needs SimpleITK where that is not installed.
    ValueError
        For images that differ in shape, spacing or directions, are not gray, too small, even, not finite or, by the
        rule "type", outside [0, 1]; for a model that does not exist or is made for the other rank; for options that
        are none of the above.
    TypeError
        When `model` is none of the above.

    Warns
    -----
    UserWarning
        For an image that uses less than a tenth of the intensity range.

    Notes
    -----
    The network is that of the thesis, sections 4 and 5. The shipped models were trained on displacements of 2 pixels on
    average and about 10 at most; longer ones are found less well, so shrink images that lie far apart.

    Examples
    --------
    >>> import dirv_tf
    >>> result = dirv_tf.register(fixed, moving)  # doctest: +SKIP
    >>> result.registered, result.flow_field  # doctest: +SKIP
    >>> dirv_tf.register("fixed.tif", "moving.tif", refine=True).save("result")  # doctest: +SKIP
    """
    rounds = _rounds(refine)
    fixed_image, moving_image = take_image(fixed, "fixed"), take_image(moving, "moving")
    check_same_shape(fixed_image.array, moving_image.array)
    fixed_geometry, moving_geometry, geometry_notes = pair_geometries(fixed_image, moving_image, spacing)
    size = fixed_image.array.shape
    model = DEFAULT_MODELS[len(size)] if model is None else model
    network, name = choose_model(model, len(size))
    _check_size(size, network.spacing_per_axis)
    check_intensities(fixed_image.array, "fixed")
    check_intensities(moving_image.array, "moving")
    ranges, range_notes = _ranges(fixed_image, moving_image, normalize, network)
    fixed_values = to_unit_interval(fixed_image.array, ranges[0])
    moving_values = to_unit_interval(moving_image.array, ranges[1])
    warn_of_low_contrast(fixed_values, "fixed", stacklevel=2)
    warn_of_low_contrast(moving_values, "moving", stacklevel=2)
    sides = tile_sides(tile, size, network)

    start = time.perf_counter()
    report = progress or (lambda done, total: None)
    halved = halvings(network, tile, size)
    size_notes: tuple[str, ...] = ()
    if halved:
        flow_field, rounds_kept = register_halved(network, rounds, fixed_values, moving_values, halved, report)
        size_notes = (f"registered at 1/{2**halved} of the size, since {name} must see the whole image",)
    else:
        flow_field, rounds_kept = register_in_tiles(network, rounds, fixed_values, moving_values, sides, report)
    registered = warp_in_blocks(moving_image.array, flow_field).reshape(moving_image.pixels.shape)
    seconds = time.perf_counter() - start

    return RegistrationResult(
        registered=registered,
        flow_field=flow_field,
        displacement_field=flow_field[tuple(slice(None, None, step) for step in network.spacing_per_axis)].copy(),
        fixed=fixed_image.pixels,
        moving=moving_image.pixels,
        model_name=name,
        spacing=network.spacing_per_axis,
        seconds=seconds,
        fixed_geometry=fixed_geometry,
        moving_geometry=moving_geometry,
        fixed_path=fixed_image.path,
        moving_path=moving_image.path,
        intensity_ranges=ranges,
        notes=(*fixed_image.notes, *moving_image.notes, *geometry_notes, *range_notes, *size_notes),
        rounds=rounds_kept,
    )


def _rounds(refine):
    """Most rounds of refinement; None: no refinement."""
    if isinstance(refine, (bool, np.bool_)):
        return DEFAULT_ROUNDS if refine else None
    if not isinstance(refine, int) or refine < 1:
        raise ValueError(
            f"Expected refine to be True, False or a positive number of rounds. Received: refine={refine!r}"
        )
    return refine


def _check_size(size, spacing):
    smallest = tuple(2 * step for step in spacing)
    if any(side < least for side, least in zip(size, smallest)):
        raise ValueError(
            f"Expected images with at least two control points per axis, {' x '.join(map(str, smallest))} pixels. "
            f"Received: images of {' x '.join(map(str, size))} pixels"
        )


def _ranges(fixed, moving, normalize, network):
    """The intensities of both images that become 0 and 1, and notes."""
    if normalize != "model":
        return intensity_ranges(fixed.array, moving.array, normalize), ()
    rule = network.normalization or "type"
    try:
        return intensity_ranges(fixed.array, moving.array, rule), ()
    except ValueError:
        # A file has the dtype that it has. Who gives an array can choose, and must.
        if fixed.path is None or moving.path is None:
            raise
    ranges = intensity_ranges(fixed.array, moving.array, "joint")
    low, high = ranges[0]
    return ranges, (f"intensities {low:.6g} ... {high:.6g} stretched to [0, 1] by the pair's common range",)
