"""What a registration returns."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from dirv_tf.io import ImageGeometry
from dirv_tf.registration.alignment.align import Alignment
from dirv_tf.registration.images.given_image import to_spatial_array
from dirv_tf.registration.images.intensities import to_unit_interval, type_range
from dirv_tf.registration.maps.linear_map import LinearMap, inside
from dirv_tf.registration.results.derived_results import composition_of, inverse_of
from dirv_tf.registration.results.evaluation import result_metrics
from dirv_tf.registration.results.judged_result import JudgedResult
from dirv_tf.registration.results.result_folder import save_result
from dirv_tf.registration.route.quality import Quality, judge


@dataclass(frozen=True, eq=False, repr=False)
class RegistrationResult(JudgedResult):
    """The registered image, the transformation, and what they were made from.

    Fields count in pixels along the array axes and point backward: ``registered[p] = moving[p + flow_field[p]]``,
    linear between pixels, coordinates clamped to the border.

    Attributes
    ----------
    registered : ndarray, shape (n_1, ..., n_r), dtype of `moving`
        The moving image warped onto the fixed one, in its own intensities. Integers are rounded.
    flow_field : ndarray of float32, shape (n_1, ..., n_r, r), pixels
        Dense; component i runs along array axis i.
    displacement_field : ndarray of float32, shape (ceil(n_1 / s_1), ..., ceil(n_r / s_r), r), pixels
        The field at the control points; control point k of an axis sits at pixel s * k.
    fixed, moving : ndarray
        The images as given; of files in color, in gray.
    model_name : str
        What found the map, in a few words: the network, the optimization.
    spacing : tuple of int, length r
        Control-point spacing s per axis in pixels.
    seconds : float
        Time of the registration, without loading the model.
    fixed_geometry, moving_geometry : ImageGeometry
        Where the pixels lie in the world; 1 mm per pixel where nothing is known.
    fixed_path, moving_path : Path or None
        The files, where the images were given as files.
    choices : tuple of two (channel, time)
        What was chosen from the fixed and from the moving file; None where there was nothing to choose.
    levels : tuple of two (SlideLevel or None)
        Of slides that were registered at a level; the arrays and fields here are those of the level.
    intensity_ranges : tuple of two (low, high)
        The intensities of the fixed and of the moving image that were 0 and 1 for the network; by default those of
        the type.
    notes : tuple of str
        What was changed or assumed on the way.
    rounds : int
        Rounds of refinement that were kept, with tiles the most of any tile; 1 without refinement, 0
        where the network's field made the images less alike and was not taken.
    initial : LinearMap
        Where the images' headers put them; the identity where nothing is known.
    linear : LinearMap
        The linear part of the map, from fixed to moving pixels, `initial` included.
    alignment : Alignment or None
        What the search for the linear part says of itself; None without one.
    doubts : tuple of str
        What speaks against the map beside its images and its field; `quality` has them among its warnings.
    has_inverse : ndarray of bool, shape (n_1, ..., n_r), or None
        Of an inverse: pixels that lie at exactly one place of the other image; None for a map that was not inverted.
    standard_deviation : ndarray of float32, shape (n_1, ..., n_r, r), pixels, or None
        Of the field's components, where `with_uncertainty` was asked for it.
    without_counterpart : ndarray of float32, shape (n_1, ..., n_r), or None
        From 0 to 1: where the fixed image has no counterpart, of networks that say it, of the kind counterpart.
    """

    registered: np.ndarray
    flow_field: np.ndarray
    displacement_field: np.ndarray
    fixed: np.ndarray
    moving: np.ndarray
    model_name: str
    spacing: tuple
    seconds: float
    fixed_geometry: ImageGeometry | None = None
    moving_geometry: ImageGeometry | None = None
    fixed_path: Path | None = None
    moving_path: Path | None = None
    choices: tuple = ((None, None), (None, None))
    levels: tuple = (None, None)
    intensity_ranges: tuple | None = None
    notes: tuple = ()
    rounds: int = 1
    # The identity, once the rank is known.
    initial: LinearMap = None  # type: ignore[assignment]
    linear: LinearMap = None  # type: ignore[assignment]
    alignment: Alignment | None = None
    doubts: tuple = ()
    has_inverse: np.ndarray | None = None
    standard_deviation: np.ndarray | None = None
    without_counterpart: np.ndarray | None = None

    def __post_init__(self):
        for name in ("initial", "linear"):
            if getattr(self, name) is None:
                object.__setattr__(self, name, LinearMap.identity(self.rank))
        for name in ("fixed", "moving"):
            if getattr(self, f"{name}_geometry") is None:
                object.__setattr__(self, f"{name}_geometry", ImageGeometry.unit(self.rank))
        if self.intensity_ranges is None:
            ranges = tuple(type_range(getattr(self, name), name) for name in ("fixed", "moving"))
            object.__setattr__(self, "intensity_ranges", ranges)

    @property
    def rank(self) -> int:
        """Number of spatial axes, 2 or 3."""
        return self.flow_field.shape[-1]

    @property
    def size(self) -> tuple[int, ...]:
        """Pixels per axis."""
        return self.flow_field.shape[:-1]

    @property
    def affine(self) -> np.ndarray:
        """The linear part as a matrix (r, r + 1): fixed pixel ``p`` goes to moving pixel ``affine @ [*p, 1]``."""
        return np.column_stack([self.linear.matrix, self.linear.translation])

    @functools.cached_property
    def quality(self) -> Quality:
        """What can be said of the result without knowing the truth, and what speaks against it."""
        images = self.unit_interval_images()
        folded = self.metrics()["folded_percent"]
        moving_size = to_spatial_array(self.moving, "moving")[0].shape
        support = inside(self.flow_field, moving_size)
        reliable = self.alignment is None or self.alignment.reliable
        quality = judge(images["fixed"], images["moving"], images["registered"], support, folded, reliable)
        without = None if self.has_inverse is None else 100.0 * float(1 - self.has_inverse.mean())
        return replace(quality, warnings=(*quality.warnings, *self.doubts), without_inverse_percent=without)

    def unit_interval_images(self) -> dict[str, np.ndarray]:
        """Return the images by name ("fixed", "moving", "registered") as the network sees them.

        Returns
        -------
        dict of ndarray of float32 in [0, 1], shape (n_1, ..., n_r)
            Scaled by `intensity_ranges`. Differences of unsigned integers would wrap around; these do not. The moving
            image as it lies on the fixed image's grid before the registration.
        """
        fixed_range, moving_range = self.intensity_ranges
        ranges = {"fixed": fixed_range, "moving": moving_range, "registered": moving_range}
        arrays = {name: to_spatial_array(getattr(self, name), name)[0] for name in ranges}
        values = {name: to_unit_interval(array, ranges[name]) for name, array in arrays.items()}
        return {**values, "moving": self.initial.sampled(values["moving"], self.size)}

    def metrics(self, true_flow_field: Any | None = None, mask: Any | None = None) -> dict[str, float]:
        """Return the metrics of the registration.

        Parameters
        ----------
        true_flow_field : array_like, shape (n_1, ..., n_r, r), pixels, optional
            Adds the endpoint errors.
        mask : array_like of bool, shape (n_1, ..., n_r), optional
            Pixels of the fixed image that count; default all.

        Returns
        -------
        dict of float
            - ``difference_before``, ``difference_after``: mean absolute intensity difference, intensities in [0, 1];
              ``l_int_before``, ``l_int_after``: the same as the thesis counts it (eq. 26), times 255;
            - ``displacement_mean_px``, ``displacement_max_px`` and the same in ``_mm`` by the fixed image's pixel size
              (1 mm where nothing is known), beyond what the headers say of the images' places;
            - ``folded_percent``: pixels with a Jacobian determinant of at most 0; ``sd_log_jacobian``: standard
              deviation of its logarithm, as in the Learn2Reg challenge;
            - with a true field: ``endpoint_error_before``, ``endpoint_error_after`` in pixels.

        Raises
        ------
        ValueError
            When the true field or the mask has another shape, or the mask is empty.
        """
        return result_metrics(self, true_flow_field, mask)

    def inverse(self, progress: Callable[[int, int], None] | None = None) -> RegistrationResult:
        """Return the registration the other way: the fixed image warped onto the moving one.

        Parameters
        ----------
        progress : callable, optional
            Called with the number of pixels of the moving image found and of all of them.

        Returns
        -------
        RegistrationResult
            On the moving image's grid, with the roles of the images exchanged: its `fixed` is the moving image of this
            one, its field leads from there to the fixed image. `has_inverse` says where there is an inverse, `quality`
            and `notes` how many percent of the pixels have none; there, the field is finite but means little.

        Raises
        ------
        ValueError
            When the linear part presses the image flat.

        Examples
        --------
        >>> result = dirv_tf.register(fixed, moving)  # doctest: +SKIP
        >>> result.inverse().save("inverse")  # doctest: +SKIP
        """
        return inverse_of(self, progress)

    def compose(self, second: RegistrationResult) -> RegistrationResult:
        """Return the map of this registration followed by another: from A to B and from B to C gives from A to C.

        Parameters
        ----------
        second : RegistrationResult
            Its fixed image is on the grid of this one's moving image.

        Returns
        -------
        RegistrationResult
            On this one's fixed grid: the second one's moving image, interpolated once.

        Raises
        ------
        ValueError
            When the two do not meet on one grid.
        """
        return composition_of(self, second)

    def plot(self, path: str | os.PathLike[str] | None = None, axis: int = 0) -> Any:
        """Draw the images, the deformed grid and the differences, see `dirv_tf.figures.registration_figure`.

        Parameters
        ----------
        path : str or path, optional
            Where to write the picture too (`.png`, `.pdf` or `.svg`).
        axis : int
            The axis across which a volume is cut.

        Returns
        -------
        matplotlib.figure.Figure
        """
        # matplotlib is loaded for who draws.
        from dirv_tf.figures import registration_figure, save_figure

        title = f"{self.model_name}, {' x '.join(map(str, self.size))}"
        # Onto the moving image as it is drawn, on the fixed image's grid.
        field = self.initial.decomposed(self.flow_field)
        figure = registration_figure(**self.unit_interval_images(), flow_field=field, title=title, axis=axis)
        if path is not None:
            save_figure(figure, path)
        return figure

    def save(self, folder: str | os.PathLike[str], overwrite: bool = False, field_format: str | None = None) -> Path:
        """Write the registered image, the field, the metrics and a picture into a folder, all or nothing.

        Parameters
        ----------
        folder : str or path
            A new or empty one. It then holds `registered` in the format of the moving file (JPEG, BMP and WebP: PNG,
            which keeps the intensities; DICOM: NRRD; arrays: TIFF), `flow_field`, `affine.tfm`, `metrics.json` and
            `registration.png`; after `with_uncertainty` also `uncertainty` in the format of the field and
            `uncertainty.png`, and of an inverse `has_inverse`, 255 where there is one and 0 elsewhere; of networks that
            say it `without_counterpart`, from 0 to 255.
        overwrite : bool
            Whether the results of an earlier registration in the folder may be replaced. Other files stay.
        field_format : {"npz", "nii.gz", "nii", "mha", "nrrd"}, optional
            Format of the flow field, see `dirv_tf.io.write_flow_field`. Default: that of the moving file where that is
            a medical one, so that ITK's programs apply the field, else npz. Of levels of slides npz alone.

        Returns
        -------
        Path
            The folder.

        Raises
        ------
        FileExistsError
            When the folder is not empty and `overwrite` is False, or it holds no earlier registration.
        ValueError
            When a format does not exist, or cannot hold the image.
        """
        return save_result(self, folder, overwrite, field_format)

    def __repr__(self):
        images = self.unit_interval_images()
        before, after = (np.abs(images[name] - images["fixed"]).mean() for name in ("moving", "registered"))
        length = np.linalg.norm(self.initial.decomposed(self.flow_field), axis=-1)
        return (
            f"RegistrationResult(model={self.model_name!r}, size={' x '.join(map(str, self.size))}, "
            f"mean |difference| {before:.4f} -> {after:.4f} (intensities 0 to 1), "
            f"displacements mean {length.mean():.2f} px, largest {length.max():.2f} px, {self.seconds:.2f} s)"
        )
