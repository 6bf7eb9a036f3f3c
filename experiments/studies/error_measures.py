"""What is left of the errors, measured pair by pair: how it spreads, where it lies, and what goes with it."""

from __future__ import annotations

import numpy as np
import tensorflow as tf

from dirv_tf import geometry
from dirv_tf.losses import root_mean_square_error
from experiments.studies.corner_interpolation import interpolate_corner_to_corner

SPACING = 4
# Lengths of true vectors, pixels, from each edge to the next.
LENGTH_EDGES = (0.0, 0.5, 1.0, 2.0, 3.0, 4.0, 6.0, 20.0)
_KINDS = ("mean", "largest")


class PairMeasures:
    """Gathers measures of pairs, batch by batch.

    Everything is measured on the finest level; vectors at the control points.
    """

    def __init__(self):
        self._pairs: dict[str, list[np.ndarray]] = {}
        self._lengths: list[np.ndarray] = []
        self._errors: list[np.ndarray] = []

    def add(self, fixed: tf.Tensor, moving: tf.Tensor, true: tf.Tensor, predicted: tf.Tensor) -> None:
        """Add the pairs of a batch.

        Parameters
        ----------
        fixed, moving : tf.Tensor, shape (B, n_1, ..., n_r, 1)
        true, predicted : tf.Tensor, shape (B, n_1, ..., n_r, r)
            Flow fields, pixels.
        """
        before = moving - fixed
        after = geometry.warp_image(moving, predicted) - fixed
        points = [geometry.sample_control_points(field, SPACING) for field in (true, predicted)]
        for name, difference in (("before", before), ("after", after)):
            absolute = 255 * np.abs(difference.numpy()).reshape(len(difference), -1)
            self._keep(f"l_int {name}", absolute.mean(axis=1))
            self._keep(f"spread {name}", 255 * difference.numpy().reshape(len(difference), -1).std(axis=1))
        self._keep("l_dis before", root_mean_square_error(points[0], tf.zeros_like(points[0])).numpy())
        self._keep("l_dis after", root_mean_square_error(*points).numpy())
        for name, field in self._fields(points[0], predicted).items():
            self._relative(name, fixed, moving, true, field)
        self._lengths.append(_lengths(points[0]))
        self._errors.append(_lengths(points[1] - points[0]))

    @staticmethod
    def _fields(true_points, predicted):
        rank = true_points.shape.rank - 2
        return {
            "one grid": geometry.interpolate_control_points(true_points, SPACING),
            "two grids": interpolate_corner_to_corner(true_points, (SPACING,) * rank),
            "network": predicted,
        }

    def _relative(self, name, fixed, moving, true, field):
        """Errors of a field and of the image that it registers, mean and largest, as shares of those of no field."""
        quantities = {
            "field": (_lengths(true), _lengths(field - true)),
            "intensity": tuple(
                np.abs((image - fixed).numpy()[..., 0]) for image in (moving, geometry.warp_image(moving, field))
            ),
        }
        for quantity, values in quantities.items():
            for statistic, function in zip(_KINDS, (np.mean, np.max)):
                for when, each in zip(("before", "after"), values):
                    self._keep(f"{name} {quantity} {statistic} {when}", function(each.reshape(len(each), -1), axis=1))

    def _keep(self, name, values):
        self._pairs.setdefault(name, []).append(np.asarray(values, np.float64))

    def result(self) -> dict:
        """Return all measures, as a record holds them."""
        pairs = {name: np.concatenate(values) for name, values in self._pairs.items()}
        lengths, errors = np.concatenate(self._lengths), np.concatenate(self._errors)
        return {
            "pairs": len(lengths),
            "l_int": {name: _spread(pairs, name) for name in ("before", "after")},
            "relative": {
                field: {
                    name: value
                    for quantity in ("field", "intensity")
                    for name, value in _shares(pairs, field, quantity).items()
                }
                for field in ("one grid", "two grids", "network")
            },
            "place": _places(errors, lengths),
            "length": _by_length(errors, lengths),
            "correlation": {
                name: _correlation(pairs[f"l_int {name}"], pairs[f"l_dis {name}"])
                for name in ("before", "after")
            },
        }


def leakage(network, fields: tf.Tensor, moving: tf.Tensor) -> list[float]:
    """Measure how much of a displacement along one axis a network finds along the others.

    Parameters
    ----------
    network : RegistrationNetwork
    fields : tf.Tensor, shape (B, n_1, ..., n_r, r)
        Flow fields; of each, all components but one are set to zero, by turns.
    moving : tf.Tensor, shape (B, n_1, ..., n_r, 1)
        Images that the fields deform to the fixed ones.

    Returns
    -------
    list of float
        Per axis that alone moves: the mean length of what was found along the other axes, as a share of the mean true
        displacement, in percent.
    """
    shares = []
    for axis in range(fields.shape[-1]):
        mask = tf.one_hot(axis, fields.shape[-1])
        true = fields * mask
        found = network((geometry.warp_image(moving, true), moving))["flow_field"]
        shares.append(100 * float(_lengths(found * (1 - mask)).mean() / _lengths(true).mean()))
    return shares


def _lengths(field):
    return np.linalg.norm(np.asarray(field, np.float64), axis=-1)


def _spread(pairs, name):
    return {
        "mean": float(pairs[f"l_int {name}"].mean()),
        "sd_of_pairs": float(pairs[f"l_int {name}"].std()),
        "sd_of_pixels": float(pairs[f"spread {name}"].mean()),
    }


def _shares(pairs, field, quantity):
    """Shares of the initial error in percent: of the means, of the largest values, and that of the worst pair."""
    mean, largest = ([pairs[f"{field} {quantity} {kind} {when}"] for when in ("before", "after")] for kind in _KINDS)
    # Pairs of nearly no displacement, which desensitization makes, have no meaningful share.
    moved = largest[0] > 0.1 * largest[0].mean()
    return {
        f"{quantity}_mean": 100 * float(mean[1].sum() / mean[0].sum()),
        f"{quantity}_largest": 100 * float(largest[1].sum() / largest[0].sum()),
        f"{quantity}_worst": 100 * float((largest[1][moved] / largest[0][moved]).max()),
    }


def _correlation(first, second):
    """Return the correlation of two series; None where one does not vary."""
    if np.ptp(first) == 0 or np.ptp(second) == 0:
        return None
    return float(np.corrcoef(first, second)[0, 1])


def _places(errors, lengths):
    """Mean errors, pixels, of the outermost ring of control points, the next one, and all others."""
    sides = errors.shape[1:]
    grid = np.meshgrid(*(np.minimum(np.arange(side), side - 1 - np.arange(side)) for side in sides), indexing="ij")
    ring = np.min(grid, axis=0)
    places = {"outermost ring": ring == 0, "second ring": ring == 1, "inside": ring > 1}
    return {
        name: {
            "share_of_points": 100 * float(mask.mean()),
            "error": float(errors[:, mask].mean()),
            "length": float(lengths[:, mask].mean()),
        }
        for name, mask in places.items()
    }


def _by_length(errors, lengths):
    """Mean errors, pixels, of the vectors of each range of true lengths; ranges without vectors are left out."""
    rows = []
    for low, high in zip(LENGTH_EDGES, LENGTH_EDGES[1:]):
        mask = (lengths >= low) & (lengths < high)
        if mask.any():
            share, error = 100 * float(mask.mean()), float(errors[mask].mean())
            rows.append({"from": low, "to": high, "share_of_vectors": share, "error": error})
    return rows
