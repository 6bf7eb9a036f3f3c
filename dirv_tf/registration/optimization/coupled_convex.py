"""A first field for large displacements: discrete search over a window, made smooth by coupled convex optimization."""

from __future__ import annotations

import itertools

import numpy as np
from scipy.ndimage import uniform_filter

from dirv_tf.registration.optimization.feature_images import check_similarity, feature_images
from dirv_tf.registration.optimization.gauss_newton import sample

# Of ConvexAdam, for costs that are sums over 12 channels.
COEFFICIENTS = (0.003, 0.01, 0.03, 0.1, 0.3, 1.0)
_CHANNELS = 12
RADII = {2: 7, 3: 4}
_CONSISTENCY_STEPS = 15
# Above this the costs are computed anew in every pass instead of being kept.
_LARGEST_VOLUME = 2**28


def coupled_convex_field(
    fixed: np.ndarray,
    moving: np.ndarray,
    similarity: str = "mind",
    spacing: int = 4,
    radius: int | None = None,
    coefficients: tuple[float, ...] = COEFFICIENTS,
    temperature: float | None = None,
    consistent: bool = False,
) -> np.ndarray:
    """Find large displacements of a pair without a first guess.

    The features are averaged over cells of `spacing` pixels; every cell is compared with those up to `radius` cells
    away. Passes of growing coupling take the displacement of the smallest cost plus ``coefficient |d - u|²`` and smooth
    it over 3 cells.

    Parameters
    ----------
    fixed, moving : np.ndarray, shape (n_1, ..., n_r), r = 2 or 3
        Intensities in [0, 1], of one size.
    similarity : {"mind", "lncc", "ncc", "mse"}
        As of `optimize_field`.
    spacing : int
        Side of a cell in pixels.
    radius : int, optional
        Largest displacement per axis in cells. Default: 7 in 2D, 4 in 3D.
    coefficients : sequence of float
        Coupling of the passes.
    temperature : float, optional
        Take the mean of the displacements with weights ``softmin(cost / temperature)`` in place of the best one.
    consistent : bool
        Whether to search in both directions and make the two fields inverse to each other.

    Returns
    -------
    np.ndarray, shape (n_1, ..., n_r, r), float32
        Backward field in pixels.

    Raises
    ------
    ValueError
        If the shapes differ or a setting is out of its range.

    References
    ----------
    Heinrich, Papież, Schnabel, Handels, "Non-parametric discrete registration with convex optimisation", WBIR 2014;
    Siebert, Hansen, Heinrich, "Fast 3D registration with accurate optimisation and little learning for Learn2Reg 2021",
    MICCAI 2021.

    Examples
    --------
    >>> fixed = np.random.default_rng(0).random((64, 64)).repeat(2, axis=0).repeat(2, axis=1)
    >>> field = coupled_convex_field(fixed, np.roll(fixed, (8, -4), axis=(0, 1)))
    >>> np.median(field, axis=(0, 1)).tolist()
    [8.0, -4.0]
    """
    fixed, moving = np.asarray(fixed, np.float32), np.asarray(moving, np.float32)
    check_similarity(similarity)
    if fixed.shape != moving.shape or fixed.ndim not in RADII:
        raise ValueError(
            f"`fixed` and `moving` must be images (n_1, ..., n_r) of one size, r = 2 or 3. "
            f"Received: fixed.shape={fixed.shape}, moving.shape={moving.shape}"
        )
    radius = RADII[fixed.ndim] if radius is None else radius
    if spacing < 1 or radius < 0:
        raise ValueError(
            f"`spacing` must be 1 or more, `radius` 0 or more. Received: spacing={spacing!r}, radius={radius!r}"
        )
    if temperature is not None and temperature <= 0:
        raise ValueError(f"`temperature` must be positive. Received: temperature={temperature!r}")
    first, second = (_cells(feature_images(image, similarity), spacing) for image in (fixed, moving))
    field = _search(first, second, radius, coefficients, temperature)
    if consistent:
        field = _consistent(field, _search(second, first, radius, coefficients, temperature))
    return _dense(field * np.float32(spacing), fixed.shape, spacing)


def _cells(features, spacing):
    """Average features (C, n_1, ..., n_r) over cells; the last ones are filled up by the outermost pixels."""
    padding = [(0, -side % spacing) for side in features.shape[1:]]
    padded = np.pad(features, [(0, 0), *padding], mode="edge")
    for axis in range(1, features.ndim):
        shape = (*padded.shape[:axis], padded.shape[axis] // spacing, spacing, *padded.shape[axis + 1 :])
        padded = padded.reshape(shape).mean(axis=axis + 1)
    return padded


def _search(fixed, moving, radius, coefficients, temperature):
    """Return the displacement of every cell (r, g_1, ..., g_r), in cells."""
    rank = fixed.ndim - 1
    offsets = np.array(list(itertools.product(range(-radius, radius + 1), repeat=rank)), np.float32)
    padded = np.pad(moving, [(0, 0)] + [(radius, radius)] * rank, mode="edge")
    scale = np.float32(_CHANNELS / len(fixed))

    def cost(offset):
        start = (offset + radius).astype(int)
        window = tuple(slice(first, first + side) for first, side in zip(start, fixed.shape[1:]))
        return scale * _smoothed(np.square(fixed - padded[(slice(None), *window)]).sum(axis=0))

    if fixed[0].size * len(offsets) * fixed.itemsize <= _LARGEST_VOLUME:
        kept = [cost(offset) for offset in offsets]
        volume = lambda: zip(offsets, kept)  # noqa: E731
    else:
        volume = lambda: ((offset, cost(offset)) for offset in offsets)  # noqa: E731
    field = np.zeros((rank, *fixed.shape[1:]), np.float32)
    for coefficient in (0.0, *coefficients):
        field = np.stack([_smoothed(values) for values in _chosen(volume(), field, coefficient, temperature)])
    return field


def _chosen(volume, field, coefficient, temperature):
    """Return the displacement of the smallest cost plus coupling, or the soft mean of all, by a running minimum."""
    best = np.full(field.shape[1:], np.inf, np.float32)
    chosen, total = np.zeros_like(field), np.zeros_like(best)
    for offset, cost in volume:
        offset = offset.reshape(-1, *[1] * best.ndim)
        coupled = cost + np.float32(coefficient) * np.square(offset - field).sum(axis=0) if coefficient else cost
        if temperature is None:
            better = coupled < best
            best = np.where(better, coupled, best)
            chosen = np.where(better, offset, chosen)
            continue
        lowest = np.minimum(best, coupled)
        fading, weight = np.exp((lowest - best) / temperature), np.exp((lowest - coupled) / temperature)
        chosen, total, best = chosen * fading + weight * offset, total * fading + weight, lowest
    return chosen if temperature is None else chosen / total


def _smoothed(values):
    return uniform_filter(values, 3, mode="nearest")


def _consistent(forward, backward):
    """Half the difference of either field and the other one carried along, again and again."""
    positions = np.stack(np.meshgrid(*[np.arange(n, dtype=np.float32) for n in forward.shape[1:]], indexing="ij"))

    def carried(field, along):
        return np.stack([sample(values, positions + along) for values in field])

    for _ in range(_CONSISTENCY_STEPS):
        forward, backward = (
            0.5 * (forward - carried(backward, forward)),
            0.5 * (backward - carried(forward, backward)),
        )
    return forward


def _dense(field, size, spacing):
    """Interpolate linearly between the centers of the cells, constant beyond the outermost ones."""
    centers = [(np.arange(side, dtype=np.float32) - (spacing - 1) / 2) / spacing for side in size]
    coordinates = np.stack(np.meshgrid(*centers, indexing="ij")).astype(np.float32)
    return np.stack([sample(values, coordinates) for values in field], axis=-1)
