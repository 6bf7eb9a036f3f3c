"""Random poses, shapes and intensities of real images, and of what is drawn on them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import tensorflow as tf

from dirv_tf import geometry, synthesis
from dirv_tf.synthesis import random_keys
from dirv_tf.synthesis.affine import AffineRange, affine_parameters, linear_fields
from dirv_tf.validation import image_size, integer, list_of, number, random_seed

# Both images of a pair are drawn with numbers of their own, which lie behind those of all pairs.
_FIRST_NUMBER = 2**31
# Points of the coarse grid of a deformation along every axis: few, so that neighbors move together.
_COARSE_POINTS = (10, 14)
# A landmark is where the inverse map takes it, to this many pixels, or it is not in the image.
_LARGEST_RESIDUAL = 0.01


class Augmentation:
    """Give each image of a pair a pose, a shape and intensities of its own, and what is drawn on it with it.

    An image is turned, sheared and scaled about its middle, shifted, and perhaps deformed; the region that comes into
    view shows the color of the border. The numbers of an image are a function of the seed, the epoch and the number of
    its pair alone.

    Parameters
    ----------
    size : sequence of int, length r
        Image sides in pixels.
    seed : int
        From 0 to 2^64 - 1.
    rotation : float
        Largest angle in a coordinate plane, degrees, at most 180.
    scale : float
        Largest change of the scale of an axis: 0.1 for 0.9 to 1.1; less than 1.
    shear : float
        Largest off-diagonal entry of the shear.
    translation : float
        Largest shift along an axis, as a share of the side; at most 1.
    deformation : float
        Largest component of a smooth random displacement, pixels; every image draws a limit of its own below that.
    flips : sequence of int
        Axes along which pairs are flipped with a chance of one half, both images alike.
    intensities : float
        Strength of the change of intensities, from 0 to 1; see `synthesis.change_appearance`, without inversion.

    Raises
    ------
    ValueError
        If an argument is out of its range.

    Examples
    --------
    >>> from dirv_tf.datasets.augmentation import Augmentation
    >>> augment = Augmentation((32, 32), seed=42, rotation=20)
    >>> images = [tf.random.stateless_uniform((2, 32, 32, 1), (0, side)) for side in range(2)]
    >>> (fixed, moving), _ = augment(images, {}, indices=[0, 1], epoch=1)
    >>> moving.shape
    TensorShape([2, 32, 32, 1])
    """

    def __init__(
        self,
        size: Sequence[int],
        seed: int,
        rotation: float = 15.0,
        scale: float = 0.1,
        shear: float = 0.05,
        translation: float = 0.05,
        deformation: float = 0.0,
        flips: Sequence[int] = (),
        intensities: float = 0.0,
    ):
        self.size, self.seed = image_size()("size", size), random_seed()("seed", seed)
        scale = number(low=0, below=1)("scale", scale)
        share = number(low=0, high=1)("translation", translation)
        self._limits = AffineRange(
            translation=[share * side for side in self.size],
            center=0.0,
            angle=math.radians(number(low=0, high=180)("rotation", rotation)),
            shear=number(low=0, below=1)("shear", shear),
            scales=((1 - scale, 1 + scale),) * 2,
        )
        self._deformation = number(low=0)("deformation", deformation)
        self._flips = list_of(integer(0, len(self.size) - 1), 0)("flips", flips)
        self._intensities = number(low=0, high=1)("intensities", intensities)

    def __call__(
        self, images: Sequence[tf.Tensor], targets: Mapping[str, Any], indices: tf.Tensor, epoch: int | tf.Tensor
    ) -> tuple[tuple[tf.Tensor, tf.Tensor], dict[str, Any]]:
        """Return the images and targets of pairs, moved.

        Parameters
        ----------
        images : pair of tf.Tensor, shape (B, n_1, ..., n_r, 1), float32
            Intensities in [0, 1].
        targets : mapping
            Any of "labels", "landmarks" and "mask", see `dirv_tf.losses.targets`. Labels are interpolated linearly;
            landmarks whose place leaves the image, and pixels of the mask that come from beyond it, get the weight 0.
        indices : tf.Tensor, shape (B,), integer
            Numbers of the pairs.
        epoch : int or tf.Tensor, shape (), integer
            Number of the epoch.

        Returns
        -------
        images : pair of tf.Tensor
        targets : dict
            Of the same shapes.
        """
        indices = tf.convert_to_tensor(indices)
        numbers = [_FIRST_NUMBER + 2 * tf.cast(indices, tf.int64) + side for side in range(2)]
        flips = self._drawn_flips(numbers[0], epoch)
        landmarks = targets.get("landmarks")
        moved, points, kept = [], [], []
        for side, (name, image) in enumerate(zip(("fixed", "moving"), images)):
            maps = [targets["labels"][name]] if "labels" in targets else []
            masks = [targets["mask"]] if "mask" in targets and name == "fixed" else []
            field, start = self._drawn(numbers[side], epoch, None if landmarks is None else landmarks[name])
            stacked = geometry.warp_image(tf.concat([image, *maps, *masks], axis=-1), field)
            channels = [each.shape[-1] for each in (image, *maps, *masks)]
            parts = [_flipped(each, flips) for each in tf.split(stacked, channels, axis=-1)]
            parts[0] = self._in_other_intensities(parts[0], numbers[side], epoch)
            if masks:
                parts[-1] *= _flipped(_inside(field), flips)
            moved.append(parts)
            if landmarks is not None:
                places, inside = _carried(landmarks[name], field, start, self.size)
                points.append(_flipped_points(places, flips, self.size))
                kept.append(inside)
        found: dict[str, Any] = {}
        if "labels" in targets:
            found["labels"] = {"fixed": moved[0][1], "moving": moved[1][1]}
        if landmarks is not None:
            weights = landmarks["weights"] * kept[0] * kept[1]
            fixed, moving = (tf.where(weights[..., None] > 0, each, 0.0) for each in points)
            found["landmarks"] = {**landmarks, "fixed": fixed, "moving": moving, "weights": weights}
        if "mask" in targets:
            found["mask"] = moved[0][-1]
        return (moved[0][0], moved[1][0]), found

    def _drawn(self, numbers, epoch, points):
        """Return the fields of images, and about where they take points: without the deformation."""
        matrices, translations, offsets = affine_parameters(len(self.size), self.seed, numbers, epoch, self._limits)
        field = linear_fields(self.size, matrices, translations, offsets)
        if self._deformation:
            # One by one: what an image gets must not depend on its batch, to whose largest field others are scaled.
            shape = tf.TensorSpec([*self.size, len(self.size)], tf.float32)
            field += self._deformation * tf.map_fn(
                lambda each: synthesis.nonrigid_fields(self.size, self.seed, each, 1, epoch, 1.0, _COARSE_POINTS)[0],
                numbers,
                fn_output_signature=shape,
            )
        if points is None:
            return field, None
        center = (tf.constant(self.size, tf.float32) - 1) / 2
        turned = tf.matmul(points - center, matrices, transpose_b=True)
        return field, turned + center + translations[:, None]

    def _drawn_flips(self, numbers, epoch):
        """Return which pairs are flipped along which axes: axes and bool (B,)."""
        keys = random_keys.fold(random_keys.stream_key(self.seed, random_keys.AUGMENTATION, epoch), numbers)
        flipped = tf.unstack(random_keys.uniform(keys, len(self.size)) < 0.5, axis=1)
        return [(axis, flipped[axis]) for axis in sorted(set(self._flips))]

    def _in_other_intensities(self, image, numbers, epoch):
        if not self._intensities:
            return image
        return synthesis.change_appearance(image, self.seed, numbers, epoch, self._intensities, inversion=False)


def _flipped(values, flips):
    for axis, chosen in flips:
        chosen = tf.reshape(chosen, [-1] + [1] * (values.shape.rank - 1))
        values = tf.where(chosen, tf.reverse(values, [axis + 1]), values)
    return values


def _flipped_points(points, flips, size):
    for axis, chosen in flips:
        flipped = points + (size[axis] - 1 - 2 * points) * tf.one_hot(axis, len(size))
        points = tf.where(chosen[:, None, None], flipped, points)
    return points


def _inside(field):
    """Return where a field takes the content of an image from its inside: 1 or 0, (B, n_1, ..., n_r, 1)."""
    size = field.shape[1:-1]
    places = geometry.identity_grid(size) + field
    is_inside = tf.reduce_all((places >= 0) & (places <= tf.constant(size, tf.float32) - 1), axis=-1, keepdims=True)
    return tf.cast(is_inside, tf.float32)


def _carried(points, field, start, size):
    """Return where the content at some points is after the warp, and 1 for those that are in the image."""
    places, residual = geometry.warp_points_inverse(points, field, start=start)
    within = tf.reduce_all((places >= 0) & (places <= tf.constant(size, tf.float32) - 1), axis=-1)
    return places, tf.cast(within & (residual < _LARGEST_RESIDUAL), tf.float32)
