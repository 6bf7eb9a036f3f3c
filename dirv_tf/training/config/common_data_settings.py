"""What the kinds of data in a run file have in common."""

from __future__ import annotations

import dataclasses
from typing import Any

from dirv_tf.appearance_range import AppearanceRange
from dirv_tf.lesion_range import LesionRange
from dirv_tf.validation import ConfigError, image_size, integer

COUNT = integer(1, 10**9)
SIZE = image_size()
# Thesis Section 6.2: 10 of 255. That of `datasets.random_patch`, which settings could not import without TensorFlow; a
# test compares all defaults with those of the datasets.
LEAST_CONTRAST = 10 / 255
# That of `synthesis`, likewise.
COARSE_POINTS = (30, 34)


@dataclasses.dataclass(frozen=True)
class AppearanceSettings(AppearanceRange):
    """What `change_appearance` does to an image of each pair, in this order; see `dirv_tf.synthesis.AppearanceRange`.

    Each change meets an image with its own chance, and is drawn up to its limit: the largest power `gamma` (the least
    is its reciprocal), the largest relative change of brightness by a smooth field, the largest standard deviation of
    a Gaussian blur in pixels, the least share of the range that intensities are squeezed to, and the largest standard
    deviation of white noise.
    """


def check_appearance(data) -> None:
    """Raise an error where limits are set for a change that is not asked for.

    Parameters
    ----------
    data : settings with `appearance` and `change_appearance`

    Raises
    ------
    ConfigError
    """
    if data.appearance is not None and not data.change_appearance:
        raise ConfigError(
            "'data.appearance' needs 'data.change_appearance: true'. "
            f"Received: data.change_appearance=false with the section data.appearance in {data.kind}"
        )


@dataclasses.dataclass(frozen=True)
class LesionSettings(LesionRange):
    """Regions without counterpart: what is pasted into one `image` of a share `chance` of the pairs.

    An uneven blob of a share `area` of the image shows one of `fills`: the smallest or largest intensity (background,
    as a torn part does), any one intensity (constant), noise, or another part of the image (texture); see
    `dirv_tf.synthesis.paste_lesions`. Tests have them too. Of real pairs, only the fixed image gets them.
    """


def dataset_arguments(settings: Any, part: str) -> dict[str, Any]:
    """Return all settings that are not left out, with the `count` of one part, "train" or "test"."""
    arguments = {name: value for name, value in dataclasses.asdict(settings).items() if value is not None}
    counts = {"train": arguments.pop("train_images", None), "test": arguments.pop("test_images", None)}
    if counts["train"] is not None and arguments.get("patch_size") is not None:
        counts["train"] *= settings.patches_per_image
    return arguments if counts[part] is None else {**arguments, "count": counts[part]}


def change_paths(settings, mapping, change):
    """Change the paths of images in a data section, and in the parts of a mixture.

    Parameters
    ----------
    settings : one of the classes of `DATA_KINDS`
    mapping : dict
        The same settings as `RunConfig.as_mapping` gives them; changed in place.
    change : callable
        From a path to the one that takes its place.
    """
    for name in set(settings.paths).intersection(mapping):
        mapping[name] = change(mapping[name])
    for part, part_mapping in zip(getattr(settings, "parts", ()), mapping.get("parts", ())):
        change_paths(part, part_mapping, change)
