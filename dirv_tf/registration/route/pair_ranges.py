"""The intensity ranges that suit a pair of images as given."""

from __future__ import annotations

from dirv_tf.models.registration_network import RegistrationNetwork
from dirv_tf.registration.images.given_image import GivenImage
from dirv_tf.registration.images.intensities import intensity_ranges, to_unit_interval
from dirv_tf.registration.route.intensity_trial import of_one_contrast


def pair_ranges(
    fixed: GivenImage, moving: GivenImage, normalize: str, network: RegistrationNetwork, free: bool
) -> tuple[tuple[tuple[float, float], tuple[float, float]], tuple[str, ...]]:
    """Return the intensities of both images that become 0 and 1, and notes.

    Parameters
    ----------
    fixed, moving : GivenImage
    normalize : str
        A rule of `intensity_ranges`, or "model" for that of the network.
    network : RegistrationNetwork
    free : bool
        Whether images of different types or contrasts may each get a range of their own.

    Returns
    -------
    tuple of (ranges of the fixed and of the moving image, tuple of str)

    Raises
    ------
    ValueError
        As `intensity_ranges`; files whose types have no range get the pair's common one instead.
    """
    if normalize != "model":
        return intensity_ranges(fixed.array, moving.array, normalize), ()
    rule = network.normalization or "type"
    note = None
    try:
        ranges = intensity_ranges(fixed.array, moving.array, rule)
    except ValueError:
        # A file has the dtype that it has. Who gives an array can choose, and must.
        if fixed.path is None or moving.path is None:
            raise
        ranges = intensity_ranges(fixed.array, moving.array, "joint")
        low, high = ranges[0]
        note = f"intensities {low:.6g} ... {high:.6g} stretched to [0, 1] by the pair's common range"
    if free:
        values = [to_unit_interval(image.array, limits) for image, limits in zip((fixed, moving), ranges)]
        if _type(fixed) != _type(moving) or not of_one_contrast(*values):
            ranges = intensity_ranges(fixed.array, moving.array, "each")
            note = "intensities of each image stretched to [0, 1] by its own range"
    return ranges, (note,) if note else ()


def _type(image):
    """Return the number type, as far as it says something of the intensities: floats of any width do the same."""
    return "float" if image.array.dtype.kind == "f" else image.array.dtype
