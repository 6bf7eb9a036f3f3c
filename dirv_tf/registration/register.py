"""Registration of one pair of images."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from dataclasses import replace
from time import perf_counter
from typing import Any

import numpy as np

from dirv_tf.registration.alignment.empty_margins import Margins
from dirv_tf.registration.alignment.placement import ALIGNMENTS
from dirv_tf.registration.images.given_image import check_same_rank, checked_masks, take_pair
from dirv_tf.registration.images.header_placement import pair_placement
from dirv_tf.registration.images.intensities import check_intensities, to_unit_interval, warn_of_low_contrast
from dirv_tf.registration.images.pair import Pair
from dirv_tf.registration.maps.apply_field import warp_in_blocks
from dirv_tf.registration.networks.counterpart import without_counterpart
from dirv_tf.registration.networks.model_choice import choose_model
from dirv_tf.registration.networks.network_registration import NetworkCall
from dirv_tf.registration.networks.tiling import halvings, register_halved, register_in_tiles, tile_sides
from dirv_tf.registration.optimization.blas_threads import one_thread_for_small
from dirv_tf.registration.optimization.multi_resolution import EFFORTS
from dirv_tf.registration.optimization.pair_optimization import SIMILARITIES
from dirv_tf.registration.results.result import RegistrationResult
from dirv_tf.registration.route.landmark_route import check_beside_landmarks, given_landmarks
from dirv_tf.registration.route.pair_ranges import pair_ranges
from dirv_tf.registration.route.pair_route import Asked, registered_pair
from dirv_tf.resource_errors import memory_for
from dirv_tf.validation import one_of

DEFAULT_ROUNDS = 10
_LESS_MEMORY = 'smaller images need less, so does effort="fast", or a model with tile=512'
DEFAULT_MODELS = {2: "large-2d", 3: "best-3d"}


def register(
    fixed: Any,
    moving: Any,
    model: Any = None,
    *,
    align: str | None = None,
    similarity: str = "auto",
    effort: str = "default",
    optimize: bool | None = None,
    refine: bool | int = False,
    normalize: str = "model",
    fixed_mask: np.ndarray | None = None,
    moving_mask: np.ndarray | None = None,
    tile: int | Sequence[int] | bool | None = None,
    pixel_size: float | Sequence[float] | None = None,
    channel: int | str | Sequence[int | str | None] | None = None,
    time: int | Sequence[int | None] | None = None,
    level: int | Sequence[int | None] | None = None,
    landmarks: Any = None,
    progress: Callable[[int, int], None] | None = None,
    status: Callable[[str], None] | None = None,
) -> RegistrationResult:
    """Find where each pixel of the fixed image lies in the moving image, and warp the moving image onto the fixed one.

    Without a model, the pair is brought onto each other first if it has to be, and registered in the way that suits its
    contrast: by its intensities, with a network where they do not suffice, or by local structure. With a model, it is
    registered by that network alone, unless more is asked for.

    Parameters
    ----------
    fixed : array_like, shape (n_1, ..., n_r) or (n_1, ..., n_r, 1), r = 2 or 3; or str or path
        A gray image: floating-point intensities in [0, 1], or uint8 or uint16; with `normalize` "joint" or "each" any
        real numbers. Or a file that `dirv_tf.io.load_image` reads, of any real numbers; color is turned into gray.
    moving : like `fixed`
        It may have another size and dtype. Two files that know where they lie in the world (NIfTI, NRRD, DICOM ...)
        start there, whatever their pixel size and orientation; others start with their first pixels at one place.
    model : str, path, RegistrationNetwork or None
        Name of a shipped model (`pretrained_names()` lists them), path of a weights file or of the folder that holds
        it, or a network; "multi-contrast-2d" is for images that differ in appearance. None: what suits the pair, with
        large-2d for images and best-3d for volumes. No network's field is taken of images that differ by less than its
        `noise_floor`, nor one with which they are less alike than without, by what it was trained to compare (its
        `similarity`); the result's notes then say so.
    align : {"auto", "none", "translation", "rigid", "similarity", "affine"} or None
        The linear map that is looked for first, from any pose. "auto": an affine one of images and a rigid one of
        volumes, where that makes them clearly more alike and moves them by more than 4 pixels. None: "auto" without a
        model, "none" with one.
    similarity : {"auto", "mse", "ncc", "lncc", "mind"}
        What is compared. "mse": intensities; "ncc": up to one factor; "lncc": up to a factor around every pixel, for
        stains and scanners; "mind": self-similarity, whatever the contrast. "auto": decided by the pair.
    effort : {"fast", "default", "best"}
        How much is computed.
    optimize : bool or None
        Whether the field is optimized for the pair. None: without a model, and with one where a similarity is named.
        Without a model, False leaves it to the network alone what intensities can tell.
    refine : bool or int
        Whether the network registers the result again as long as that lowers its intensity error, and at most how
        often (True: 10 times), see `dirv_tf.models.RecurrentRefinement`. With tiles, each on its own.
    normalize : {"model", "type", "joint", "each"}
        How intensities become [0, 1] for the network. "type": by the range of the integer type (255 or 65535; stretch
        12-bit data in uint16 first); floating-point numbers must lie in [0, 1]. "joint": by the smallest and largest
        intensity of the pair. "each": every image by its own 0.5 and 99.5 percentiles, beyond which it is clipped.
        "model": the rule that the model was trained with (its `normalization`); "type" where it states none. Where
        "model" means "type" and a file's intensities do not allow that, "joint" takes its place; and without a model
        "each" where the two images differ in contrast or number type. The result's notes say so.
    fixed_mask, moving_mask : ndarray of bool, of the shape of the image, optional
        Pixels that count in alignment and optimization. The network sees all. Where a model with a mask of its own is
        named, what it finds without counterpart does not count in the optimization either.
    tile : int, sequence of int, False or None
        Side of overlapping tiles in pixels, one for all axes or one per axis; False: one piece, whatever the memory.
        None: tiles for images of more than four million pixels.
    pixel_size : float or sequence of float, optional
        Millimeters per pixel, one number or one per array axis, for arrays and for files that know none.
    channel : int, str or pair of them, optional
        Of files with several channels or colors: the number (from 0) or name of the one to register, for both images or
        (fixed, moving), with None where there is nothing to choose.
    time : int or pair of int, optional
        Of files with several times: the number of one, as with `channel`.
    level : int or pair of int, optional
        Of slides (TIFFs with one image at several resolutions): the level to register, 0 being the finest. None: the
        finest of at most two million pixels, or a coarser one where the other image has larger pixels.
    landmarks : pair of array_like of shape (n, r), of `dirv_tf.io.Landmarks` or of paths, optional
        Of the fixed and of the moving image, pixels; equal rows, or those of equal names, correspond. They say where
        the pair lies, in place of an alignment, and stay a term of the optimization. Not with a model.
    progress : callable, optional
        Called with the number of tiles done and of all tiles after each tile.
    status : callable, optional
        Called with the name of each stage as it begins.

    Returns
    -------
    RegistrationResult
        On the fixed image's grid: the registered image (in the moving one's dtype and intensities), the whole map as a
        flow field (pixels, array-axis order, backward), its linear part, and a verdict on its quality.

    Raises
    ------
    FileNotFoundError, ImportError
        For a file that does not exist, or needs SimpleITK where that is not installed.
    ValueError
        For images that differ in rank, are not gray, too small, constant, not finite or, by the rule "type", outside
        [0, 1]; for masks that leave nothing; for a model that does not exist or is made for the other rank; for options
        that are none of the above.
    TypeError
        When `model` is none of the above.
    MemoryError
        Where Python, NumPy or TensorFlow get no memory; what the operating system ends cannot be caught.

    Warns
    -----
    UserWarning
        For an image that uses less than a tenth of the intensity range.

    Notes
    -----
    The shipped models were trained on displacements of 2 pixels on average and about 10 at most; longer ones are found
    by the optimization from coarse to fine. ``result.quality.warnings`` says what speaks against a result.

    Examples
    --------
    >>> import dirv_tf
    >>> result = dirv_tf.register(fixed, moving)  # doctest: +SKIP
    >>> result.registered, result.flow_field, result.quality  # doctest: +SKIP
    >>> dirv_tf.register("fixed.tif", "moving.tif", effort="best").save("result")  # doctest: +SKIP
    """
    rounds = refinement_rounds(refine)
    if landmarks is not None:
        check_beside_landmarks(model=model, refine=refine, tile=tile, align=align, optimize=optimize)
    align = one_of(*ALIGNMENTS)("align", ("auto" if model is None else "none") if align is None else align)
    one_of(*SIMILARITIES)("similarity", similarity), one_of(*EFFORTS)("effort", effort)
    if optimize is None:
        optimize = model is None or similarity != "auto"
    tell = status or (lambda stage: None)
    fixed_image, moving_image = take_pair(fixed, moving, channel, time, level)
    check_same_rank(fixed_image.array, moving_image.array)
    fixed_geometry, moving_geometry, initial, geometry_notes = pair_placement(fixed_image, moving_image, pixel_size)
    size, levels = fixed_image.array.shape, (fixed_image.level, moving_image.level)
    tell("loading the network")
    network, name = choose_model(DEFAULT_MODELS[len(size)] if model is None else model, len(size))
    for shape in (size, moving_image.array.shape):
        _check_size(shape, network.spacing_per_axis)
    with memory_for(_pair_in_words(size, moving_image.array.shape), _LESS_MEMORY), one_thread_for_small(size):
        check_intensities(fixed_image.array, "fixed")
        check_intensities(moving_image.array, "moving")
        masks = checked_masks(fixed_image, moving_image, fixed_mask, moving_mask)
        sizes = size, moving_image.array.shape
        points = given_landmarks(landmarks, sizes, (fixed_geometry, moving_geometry), levels)
        ranges, range_notes = pair_ranges(fixed_image, moving_image, normalize, network, free=model is None)
        fixed_values = to_unit_interval(fixed_image.array, ranges[0])
        moving_values = to_unit_interval(moving_image.array, ranges[1])
        warn_of_low_contrast(fixed_values, "fixed", stacklevel=2)
        warn_of_low_contrast(moving_values, "moving", stacklevel=2)
        given = Pair(fixed_values, moving_values, initial, *masks, landmarks=points)
        margins = Margins.of(given) if model is None else Margins()
        given = margins.cut(given)
        sides = tile_sides(tile, given.fixed.shape, network)
        halved = halvings(network, tile, given.fixed.shape)
        size_notes = []

        def run(one, two):
            report = progress or (lambda done, total: None)
            if halved:
                size_notes.append(f"registered at 1/{2**halved} of the size, since {name} must see the whole image")
                return register_halved(network, rounds, one, two, halved, report)
            return register_in_tiles(network, rounds, one, two, sides, report)

        start = perf_counter()
        find_mask = functools.partial(without_counterpart, network=network) if network.has_mask else None
        call = NetworkCall(run, name, network.similarity, network.noise_floor, find_mask)
        asked = Asked(align, similarity, effort, optimize, by_network_alone=model is not None)
        whole = registered_pair(given, call, asked, tell)
        found, linear = whole.found, whole.linear
        flow_field = margins.restored_field(found.flow_field, linear, size)
        registered = warp_in_blocks(moving_image.array, flow_field)
        mask = None if find_mask is None else find_mask(replace(given, linear=linear), flow_field)
        if moving_image.pixels.ndim > moving_image.array.ndim:
            registered = registered[..., np.newaxis]
    seconds = perf_counter() - start

    return RegistrationResult(
        registered=registered,
        flow_field=flow_field,
        displacement_field=flow_field[tuple(slice(None, None, s) for s in network.spacing_per_axis)].copy(),
        fixed=fixed_image.pixels,
        moving=moving_image.pixels,
        model_name=found.method,
        spacing=network.spacing_per_axis,
        seconds=seconds,
        fixed_geometry=fixed_geometry,
        moving_geometry=moving_geometry,
        fixed_path=fixed_image.path,
        moving_path=moving_image.path,
        choices=(fixed_image.choice, moving_image.choice),
        levels=levels,
        intensity_ranges=ranges,
        notes=(
            *fixed_image.notes, *moving_image.notes, *geometry_notes, *range_notes, *whole.notes, *size_notes,
            *found.notes,
        ),
        rounds=found.rounds,
        initial=initial,
        linear=margins.restored_map(linear),
        alignment=margins.restored_alignment(whole.alignment),
        doubts=whole.doubts,
        without_counterpart=mask,
    )


def refinement_rounds(refine):
    """Return the most rounds of refinement that `register` takes for its argument; None: no refinement."""
    if isinstance(refine, (bool, np.bool_)):
        return DEFAULT_ROUNDS if refine else None
    if not isinstance(refine, int) or refine < 1:
        raise ValueError(
            f"Expected refine to be True, False or a positive number of rounds. Received: refine={refine!r}"
        )
    return refine


def _pair_in_words(*sizes):
    return f"a pair of {' and '.join(' x '.join(map(str, size)) for size in sizes)} pixels"


def _check_size(size, spacing):
    smallest = tuple(2 * step for step in spacing)
    if any(side < least for side, least in zip(size, smallest)):
        raise ValueError(
            f"Expected images with at least two control points per axis, {' x '.join(map(str, smallest))} pixels. "
            f"Received: images of {' x '.join(map(str, size))} pixels"
        )


