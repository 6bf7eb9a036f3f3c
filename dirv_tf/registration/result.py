"""What a registration returns."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dirv_tf.registration.image_arrays import to_spatial_array, to_unit_interval


@dataclass(frozen=True, eq=False, repr=False)
class RegistrationResult:
    """The registered image, the transformation, and what they were made from.

    Fields count in pixels along the array axes and point backward: ``registered[p] = moving[p + flow_field[p]]``,
    linear between pixels, coordinates clamped to the border.

    Attributes
    ----------
    registered : ndarray like `fixed` (shape and dtype)
        The moving image warped onto the fixed one. Integers keep their range (uint8: 0 to 255); the linear
        interpolation is rounded.
    flow_field : ndarray of float32, shape (n_1, ..., n_r, r), pixels
        Dense; component i runs along array axis i.
    displacement_field : ndarray of float32, shape (ceil(n_1 / s_1), ..., ceil(n_r / s_r), r), pixels
        The field at the control points; control point k of an axis sits at pixel s * k.
    fixed, moving : ndarray
        The images as given.
    model_name : str
    spacing : tuple of int, length r
        Control-point spacing s per axis in pixels.
    seconds : float
        Time of the registration, without loading the model.
    """

    registered: np.ndarray
    flow_field: np.ndarray
    displacement_field: np.ndarray
    fixed: np.ndarray
    moving: np.ndarray
    model_name: str
    spacing: tuple
    seconds: float

    @property
    def rank(self) -> int:
        """Number of spatial axes, 2 or 3."""
        return self.flow_field.shape[-1]

    @property
    def size(self) -> tuple[int, ...]:
        """Pixels per axis."""
        return self.flow_field.shape[:-1]

    def unit_interval_images(self) -> dict[str, np.ndarray]:
        """Return the images by name ("fixed", "moving", "registered") as float32 in [0, 1], shape (n_1, ..., n_r).

        Differences of unsigned integers would wrap around; these do not.
        """
        images = {"fixed": self.fixed, "moving": self.moving, "registered": self.registered}
        return {name: to_unit_interval(to_spatial_array(image, name)[0], name) for name, image in images.items()}

    def __repr__(self):
        images = self.unit_interval_images()
        before, after = (np.abs(images[name] - images["fixed"]).mean() for name in ("moving", "registered"))
        length = np.linalg.norm(self.flow_field, axis=-1)
        return (
            f"RegistrationResult(model={self.model_name!r}, size={' x '.join(map(str, self.size))}, "
            f"mean |difference| {before:.4f} -> {after:.4f} (intensities 0 to 1), "
            f"displacements mean {length.mean():.2f} px, largest {length.max():.2f} px, {self.seconds:.2f} s)"
        )
