"""The pairs of a run by kind: synthetic chessboards or shapes, pairs of own images, these by turns, real pairs."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import ClassVar

from dirv_tf.training.config.common_data_settings import (
    COARSE_POINTS,
    COUNT,
    LEAST_CONTRAST,
    SIZE,
    AppearanceSettings,
    LesionSettings,
    check_appearance,
    dataset_arguments,
)
from dirv_tf.training.config.config_sections import section, sections_by_kind
from dirv_tf.training.config.pairs_settings import PairsSettings
from dirv_tf.validation import (
    ConfigError,
    boolean,
    fraction,
    increasing_pair,
    integer,
    number,
    one_of,
    setting,
    text,
)


@dataclasses.dataclass(frozen=True)
class _DrawnSettings:
    """What all pairs of drawn images share; see `dirv_tf.datasets.SyntheticPairs`.

    The network is tested on images of `test_size`, by default of `size`: small images make short trainings, and what
    they are worth shows on images of the size that is to be registered.
    """

    # How images are to be brought to [0, 1] for a network that was trained on these.
    normalization: ClassVar[str] = "type"
    known_fields: ClassVar[bool] = True
    paths: ClassVar[tuple[str, ...]] = ()

    size: tuple[int, ...] = setting(SIZE)
    train_images: int = setting(COUNT)
    test_images: int = setting(COUNT)
    test_size: tuple[int, ...] | None = setting(SIZE, default=None)
    transform: str = setting(one_of("affine", "nonrigid", "both"), default="both")
    max_displacement: float = setting(number(low=0.1), default=6.0)
    affine_range: str = setting(one_of("small", "large"), default="small")
    coarse_points: tuple[int, int] = setting(increasing_pair(integer(2)), default=COARSE_POINTS)
    desensitize: bool = setting(boolean(), default=True)
    swap: bool = setting(boolean(), default=True)
    change_appearance: bool = setting(boolean(), default=False)
    appearance: AppearanceSettings | None = section(AppearanceSettings, default=None)
    lesions: LesionSettings | None = section(LesionSettings, default=None)

    def __post_init__(self):
        check_appearance(self)
        if self.test_size is not None and len(self.test_size) != len(self.size):
            raise ConfigError(
                "'data.test_size' must have as many sides as 'data.size'. "
                f"Received: data.test_size={list(self.test_size)}, data.size={list(self.size)}"
            )

    def dataset(self, part):
        """Return arguments of `datasets.from_config` for one part, "train" or "test", without batch size and seed."""
        arguments = dataset_arguments(self, part)
        test_size = arguments.pop("test_size", None)
        if test_size is not None and part == "test":
            arguments["size"] = test_size
        return arguments


@dataclasses.dataclass(frozen=True)
class ChessboardSettings(_DrawnSettings):
    """Pairs of gradient chessboards; see `dirv_tf.datasets.ChessboardPairs`.

    With a `patch_size` the network is trained on `patches_per_image` patches of each of `train_images` chessboards, and
    tested on whole ones; `training.batch_size` counts patches.
    """

    kind: str = setting(one_of("chessboard"), default="chessboard")
    cell_range: tuple[int, int] = setting(increasing_pair(COUNT), default=(6, 10))
    patch_size: tuple[int, ...] | None = setting(SIZE, default=None)
    patches_per_image: int = setting(COUNT, default=20)
    least_contrast: float = setting(number(low=0), default=LEAST_CONTRAST)
    deform_first: bool = setting(boolean(), default=False)

    def __post_init__(self):
        super().__post_init__()
        _check_patch_size(self)
        largest_cell = self.cell_range[1] - 1
        for key, size in {"size": self.size, "test_size": self.test_size or self.size}.items():
            if largest_cell > min(size):
                raise ConfigError(
                    f"'data.cell_range' must leave room for one cell of its largest side, {largest_cell}, in the "
                    f"image. Received: data.cell_range={list(self.cell_range)}, data.{key}={list(size)}"
                )

    def dataset(self, part):
        arguments = super().dataset(part)
        if part == "test" and arguments.pop("patch_size", None) is not None:
            arguments.update(deform_first=False)
        return arguments


@dataclasses.dataclass(frozen=True)
class ShapeSettings(_DrawnSettings):
    """Pairs of random smooth shapes; see `dirv_tf.datasets.ShapePairs`."""

    kind: str = setting(one_of("shapes"), default="shapes")
    shape_size: tuple[int, int] = setting(increasing_pair(integer(2)), default=(6, 16))
    labels: int = setting(integer(2), default=8)
    label_maps: bool = setting(boolean(), default=False)


@dataclasses.dataclass(frozen=True)
class FolderSettings:
    """Synthetic pairs of the images in a folder; see `dirv_tf.datasets.from_folder`.

    The network is tested on the images of `test_folder`, or without one on the share `test_share` of the folder's
    files, which it is not trained on. Where `train_images` or `test_images`, the numbers of pairs per epoch and in the
    test, are left out, every image gives `patches_per_image`.

    With a `patch_size` the network is trained on `patches_per_image` patches of that size of each of `train_images`
    images (of all where that is left out), and tested on one of `size` of each of `test_images`. With `deform_first`,
    parts of `size` are deformed and the patches cut of them then; otherwise patches are cut and then deformed.

    `made_by` is the command that makes the folder; an error says it where the folder is missing.
    """

    known_fields: ClassVar[bool] = True
    paths: ClassVar[tuple[str, ...]] = ("folder", "test_folder")

    size: tuple[int, ...] = setting(SIZE)
    folder: str = setting(text())
    kind: str = setting(one_of("folder"), default="folder")
    test_folder: str | None = setting(text(), default=None)
    test_share: float | None = setting(fraction(), default=None)
    split_seed: int = setting(integer(), default=0)
    train_images: int | None = setting(COUNT, default=None)
    test_images: int | None = setting(COUNT, default=None)
    patch_size: tuple[int, ...] | None = setting(SIZE, default=None)
    patches_per_image: int = setting(COUNT, default=4)
    least_contrast: float = setting(number(low=0), default=LEAST_CONTRAST)
    normalization: str = setting(one_of("joint", "each"), default="joint")
    on_error: str = setting(one_of("raise", "skip"), default="raise")
    memory_gib: float = setting(number(low=0), default=4.0)
    made_by: str | None = setting(text(), default=None)
    transform: str = setting(one_of("affine", "nonrigid", "both"), default="both")
    max_displacement: float = setting(number(low=0.1), default=6.0)
    affine_range: str = setting(one_of("small", "large"), default="small")
    coarse_points: tuple[int, int] = setting(increasing_pair(integer(2)), default=COARSE_POINTS)
    deform_first: bool = setting(boolean(), default=False)
    desensitize: bool = setting(boolean(), default=True)
    swap: bool = setting(boolean(), default=True)
    change_appearance: bool = setting(boolean(), default=False)
    appearance: AppearanceSettings | None = section(AppearanceSettings, default=None)
    lesions: LesionSettings | None = section(LesionSettings, default=None)

    def __post_init__(self):
        _check_patch_size(self)
        check_appearance(self)
        if self.test_folder is None:
            return
        if self.test_share is not None:
            raise ConfigError(
                "'data.test_share' must be left out when there is a 'data.test_folder'. "
                f"Received: data.test_share={self.test_share}, data.test_folder={self.test_folder}"
            )
        folder, test_folder = Path(self.folder).resolve(), Path(self.test_folder).resolve()
        if folder in (test_folder, *test_folder.parents) or test_folder in folder.parents:
            raise ConfigError(
                "'data.test_folder' and 'data.folder' must not lie within each other, or the network would be tested "
                f"on what it was trained on. Received: data.test_folder={self.test_folder}, data.folder={self.folder}"
            )

    def dataset(self, part):
        """Return arguments of `datasets.from_config` for one part, "train" or "test", without batch size and seed."""
        arguments = dataset_arguments(self, part)
        arguments.pop("made_by", None)
        if part == "test" and arguments.pop("patch_size", None) is not None:
            arguments.update(patches_per_image=1, deform_first=False)
        test_folder = arguments.pop("test_folder", None)
        if test_folder is None:
            return {**arguments, "part": part}
        return {**arguments, "folder": test_folder if part == "test" else self.folder}


_MIXED_KINDS = {"chessboard": ChessboardSettings, "shapes": ShapeSettings, "folder": FolderSettings}


@dataclasses.dataclass(frozen=True)
class MixtureSettings:
    """Batches of several kinds of synthetic pairs by turns; see `dirv_tf.datasets.MixedPairs`.

    Each of `parts` is a section of kind chessboard, shapes or folder, without the settings that are said here for all.
    """

    known_fields: ClassVar[bool] = True
    paths: ClassVar[tuple[str, ...]] = ()

    size: tuple[int, ...] = setting(SIZE)
    train_images: int = setting(COUNT)
    test_images: int = setting(COUNT)
    parts: tuple = sections_by_kind(_MIXED_KINDS, inherited=("size", "train_images", "test_images", "lesions"))
    kind: str = setting(one_of("mixture"), default="mixture")
    lesions: LesionSettings | None = section(LesionSettings, default=None)

    def __post_init__(self):
        if len(self.parts) < 2:
            raise ConfigError(f"'data.parts' must be at least two sections. Received: {len(self.parts)}")
        for part in self.parts:
            for key in ("size", "train_images", "test_images", "lesions"):
                if getattr(part, key) != getattr(self, key):
                    raise ConfigError(
                        f"'{key}' must be the same in 'data' and in all of 'data.parts'. "
                        f"Received: data.{key}={getattr(self, key)} and {key}={getattr(part, key)} in {part.kind}"
                    )
            if getattr(part, "label_maps", False):
                raise ConfigError("'label_maps' must be left out in 'data.parts'. Received: label_maps=True")
            for key, meant in {"patch_size": "of the patches", "test_size": "of the test, too"}.items():
                if getattr(part, key, None) is not None:
                    raise ConfigError(
                        f"'{key}' must be left out in 'data.parts': 'data.size' is the size {meant}. "
                        f"Received: {key}={list(getattr(part, key))} in {part.kind}"
                    )

    @property
    def transform(self):
        """The kinds of fields that the parts draw."""
        return " and ".join(sorted({part.transform for part in self.parts}))

    @property
    def normalization(self):
        """As the parts from files say, which real images are like."""
        return next((part.normalization for part in self.parts if part.kind == "folder"), "type")

    @property
    def made_by(self):
        """The command that makes the first folder that names one."""
        return next((part.made_by for part in self.parts if getattr(part, "made_by", None)), None)

    def dataset(self, part):
        """Return arguments of `datasets.from_config` for one part, "train" or "test", without batch size and seed."""
        return {"kind": "mixture", "parts": [each.dataset(part) for each in self.parts]}


DATA_KINDS = {**_MIXED_KINDS, "pairs": PairsSettings, "mixture": MixtureSettings}


def _check_patch_size(settings):
    patch, whole = settings.patch_size, settings.size
    if settings.deform_first and patch is None:
        raise ConfigError("'data.deform_first' needs a 'data.patch_size'. Received: data.deform_first=true")
    if patch is not None and (len(patch) != len(whole) or any(side > limit for side, limit in zip(patch, whole))):
        raise ConfigError(
            "'data.patch_size' must have as many sides as 'data.size', none of them larger. "
            f"Received: data.patch_size={list(patch)}, data.size={list(whole)}"
        )
