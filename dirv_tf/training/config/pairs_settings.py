"""The settings of real pairs, and of what is changed about those that are trained on."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import ClassVar

from dirv_tf.training.config.common_data_settings import (
    COUNT,
    LEAST_CONTRAST,
    SIZE,
    AppearanceSettings,
    LesionSettings,
    check_appearance,
    dataset_arguments,
)
from dirv_tf.training.config.config_sections import section
from dirv_tf.validation import ConfigError, boolean, integer, list_of, number, one_of, setting, text


@dataclasses.dataclass(frozen=True)
class AugmentationSettings:
    """Random changes of each image of a training pair, and of what is drawn on it; see `dirv_tf.datasets.Augmentation`.

    Largest `rotation` in degrees, `scale` and `shear` as numbers, `translation` as a share of the side, `deformation`,
    a smooth one, in pixels; `flips` are axes along which both images are flipped alike, `intensities` says how
    strongly intensities change.
    """

    rotation: float = setting(number(low=0, high=180), default=15.0)
    scale: float = setting(number(low=0, below=1), default=0.1)
    shear: float = setting(number(low=0, below=1), default=0.05)
    translation: float = setting(number(low=0, high=1), default=0.05)
    deformation: float = setting(number(low=0), default=0.0)
    flips: tuple[int, ...] = setting(list_of(integer(0, 2), 0), default=())
    intensities: float = setting(number(low=0, high=1), default=0.0)


@dataclasses.dataclass(frozen=True)
class PairsSettings:
    """Real pairs listed in two CSV files; see `dirv_tf.datasets.from_pairs`. `train_images`: as in `FolderSettings`.

    Where the lists have columns for them, labels, landmarks and masks are read: for `training.terms`, and, where both
    lists have them, to measure by. `labels` are those that count, by default all that are found. With `pad`, whole
    images are padded to `size`. `augmentation` and `change_appearance` change the pairs that are trained on, never
    those that are tested; `lesions` are pasted into both.
    """

    known_fields: ClassVar[bool] = False
    paths: ClassVar[tuple[str, ...]] = ("train_pairs", "test_pairs")

    size: tuple[int, ...] = setting(SIZE)
    train_pairs: str = setting(text())
    test_pairs: str = setting(text())
    kind: str = setting(one_of("pairs"), default="pairs")
    train_images: int | None = setting(COUNT, default=None)
    test_images: int | None = setting(COUNT, default=None)
    patches_per_image: int = setting(COUNT, default=4)
    least_contrast: float = setting(number(low=0), default=LEAST_CONTRAST)
    normalization: str = setting(one_of("joint", "each"), default="joint")
    on_error: str = setting(one_of("raise", "skip"), default="raise")
    memory_gib: float = setting(number(low=0), default=4.0)
    labels: tuple[int, ...] | None = setting(list_of(integer(1)), default=None)
    pad: bool = setting(boolean(), default=False)
    augmentation: AugmentationSettings | None = section(AugmentationSettings, default=None)
    change_appearance: bool = setting(boolean(), default=False)
    appearance: AppearanceSettings | None = section(AppearanceSettings, default=None)
    lesions: LesionSettings | None = section(LesionSettings, default=None)

    def __post_init__(self):
        check_appearance(self)
        if self.lesions is not None and self.lesions.image != "fixed":
            raise ConfigError(
                "'data.lesions.image' must be fixed for 'data.kind' pairs: without true fields, nobody knows where the "
                f"lesion of a moving image is seen. Received: data.lesions.image={self.lesions.image}"
            )
        flips = () if self.augmentation is None else self.augmentation.flips
        if any(axis >= len(self.size) for axis in flips):
            raise ConfigError(
                f"'data.augmentation.flips' must be axes of the images, from 0 to {len(self.size) - 1}. "
                f"Received: data.augmentation.flips={list(flips)}"
            )
        if Path(self.train_pairs).resolve() == Path(self.test_pairs).resolve():
            raise ConfigError(
                "'data.test_pairs' must be another file than 'data.train_pairs', or the network would be tested on "
                f"what it was trained on. Received: data.test_pairs={self.test_pairs}"
            )

    def dataset(self, part):
        """Return arguments of `datasets.from_config` for one part, "train" or "test", without batch size and seed."""
        arguments = dataset_arguments(self, part)
        del arguments["train_pairs"], arguments["test_pairs"]
        if part == "test":
            changes = ("augmentation", "change_appearance", "appearance")
            arguments = {key: arguments[key] for key in arguments if key not in changes}
        return {**arguments, "pairs": self.train_pairs if part == "train" else self.test_pairs}
