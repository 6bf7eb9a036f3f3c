"""From the settings of data to the arguments of a dataset."""

from __future__ import annotations

import dataclasses
from typing import Any

from dirv_tf.validation import image_size, integer

COUNT = integer(1, 10**9)
SIZE = image_size()
# Thesis Section 6.2: 10 of 255. That of `datasets.random_patch`, which settings could not import without TensorFlow; a
# test compares all defaults with those of the datasets.
LEAST_CONTRAST = 10 / 255


def dataset_arguments(settings: Any, part: str) -> dict[str, Any]:
    """Return all settings that are not left out, with the `count` of one part, "train" or "test"."""
    arguments = {name: value for name, value in dataclasses.asdict(settings).items() if value is not None}
    counts = {"train": arguments.pop("train_images", None), "test": arguments.pop("test_images", None)}
    if counts["train"] is not None and arguments.get("patch_size") is not None:
        counts["train"] *= settings.patches_per_image
    return arguments if counts[part] is None else {**arguments, "count": counts[part]}
