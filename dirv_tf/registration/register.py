"""Registration of one pair of images."""

from __future__ import annotations

import time
import weakref

import numpy as np
import tensorflow as tf

from dirv_tf import geometry
from dirv_tf.registration.image_arrays import (
    check_intensities,
    check_same_shape,
    from_unit_interval,
    to_spatial_array,
    to_unit_interval,
)
from dirv_tf.registration.model_choice import choose_model
from dirv_tf.registration.result import RegistrationResult

_compiled_networks = weakref.WeakKeyDictionary()


def register(fixed, moving, model="A-6"):
    """Find where each pixel of the fixed image lies in the moving image, and warp the moving image onto the fixed one.

    Images of any size from two control points per axis on (8 pixels) are taken. Where a side is no multiple of
    `model.size_multiples` the images are padded at the end by edge replication and the results cropped back. The first
    call for a model and an image size traces a TensorFlow graph; further calls of that size run it at once.

    Parameters
    ----------
    fixed : array_like, shape (n_1, ..., n_r) or (n_1, ..., n_r, 1), r = 2 or 3
        Grey: floating-point intensities in [0, 1], or uint8 or uint16, which are divided by 255 or 65535 (stretch
        12-bit data in uint16 first).
    moving : array_like, same shape
        It may be of another of these dtypes.
    model : str, path or DIRVNet
        Name of a shipped model (`pretrained_names()` lists them), path of a weights file or of the folder that holds
        it, or a network.

    Returns
    -------
    RegistrationResult
        With the registered image (like `fixed`), the dense flow field and the displacement field at the control
        points (pixels, array-axis order, backward).

    Raises
    ------
    ValueError
        For images that differ in shape, are not grey, too small, even, not finite or outside [0, 1]; for a model that
        does not exist or is made for the other rank.
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
    """
    fixed_array, has_channel = to_spatial_array(fixed, "fixed")
    moving_array, _ = to_spatial_array(moving, "moving")
    check_same_shape(fixed_array, moving_array)
    fixed_values = to_unit_interval(fixed_array, "fixed")
    moving_values = to_unit_interval(moving_array, "moving")
    network, name = choose_model(model, fixed_values.ndim)
    _check_size(fixed_values.shape, network.spacing)
    check_intensities(fixed_values, "fixed")
    check_intensities(moving_values, "moving")

    start = time.perf_counter()
    batches = [tf.convert_to_tensor(values[np.newaxis, ..., np.newaxis]) for values in (fixed_values, moving_values)]
    results = _compiled(network)(*batches)
    flow_field, displacement_field, registered = (result[0].numpy() for result in results)
    seconds = time.perf_counter() - start

    registered = from_unit_interval(registered, fixed_array.dtype)
    return RegistrationResult(
        registered=registered if has_channel else registered[..., 0],
        flow_field=flow_field,
        displacement_field=displacement_field,
        fixed=np.asarray(fixed),
        moving=np.asarray(moving),
        model_name=name,
        spacing=tuple(network.spacing),
        seconds=seconds,
    )


def _check_size(size, spacing):
    smallest = tuple(2 * step for step in spacing)
    if any(side < least for side, least in zip(size, smallest)):
        raise ValueError(
            f"Expected images with at least two control points per axis, {' x '.join(map(str, smallest))} pixels. "
            f"Received: images of {' x '.join(map(str, size))} pixels"
        )


def _compiled(network):
    """Graph function from (fixed, moving) to (flow field, displacement field, registered image), traced once a size."""
    if network not in _compiled_networks:
        # Weak, since a value that holds its own key would keep every network in the dictionary for good.
        reference = weakref.ref(network)

        @tf.function
        def run(fixed, moving):
            network = reference()
            size = fixed.shape[1:-1]
            padded = tuple(geometry.pad_to_multiple(image, network.size_multiples) for image in (fixed, moving))
            outputs = network(padded)
            # Cropping is exact: padding repeats the border, which is what a clamped sample of the unpadded image gives.
            flow_field = geometry.crop_to_size(outputs["flow_field"], size)
            grid_size = [-(-side // step) for side, step in zip(size, network.spacing)]
            displacement_field = geometry.crop_to_size(outputs["displacement_fields"][-1][:, -1], grid_size)
            return flow_field, displacement_field, geometry.warp_image(moving, flow_field)

        _compiled_networks[network] = run
    return _compiled_networks[network]
