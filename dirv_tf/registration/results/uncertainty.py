"""How far a flow field may be from the truth, by a network that looks at the images and the field."""

from __future__ import annotations

import functools
import weakref
from typing import Any

import numpy as np
import tensorflow as tf

from dirv_tf import geometry
from dirv_tf.losses import correlated_noise
from dirv_tf.models import UncertaintyNetwork
from dirv_tf.registration.images.given_image import check_same_rank, take_pair
from dirv_tf.registration.images.intensities import check_intensities, intensity_ranges, to_unit_interval
from dirv_tf.registration.maps.linear_map import LinearMap
from dirv_tf.registration.networks.model_choice import choose_model
from dirv_tf.registration.networks.pieces import in_pieces
from dirv_tf.registration.results.field_to_judge import field_to_judge
from dirv_tf.synthesis import random_keys
from dirv_tf.validation import integer

DEFAULT_NETWORKS = {2: "uncertainty-2d"}
# Of a field that is longer on average, pixels, the linear part is taken out: the shipped network has seen fields of 2
# pixels on average, of 8 at most.
_LONG = 10.0
_graphs: weakref.WeakKeyDictionary = weakref.WeakKeyDictionary()


def uncertainty(
    fixed: Any, moving: Any, flow_field: Any, model: Any = None, *, normalize: str = "model"
) -> np.ndarray:
    """Return the standard deviation of every component of a flow field, whatever program found it.

    Parameters
    ----------
    fixed, moving : array_like, shape (n_1, ..., n_r) or (n_1, ..., n_r, 1); or str or path
        Gray images or files, as `register` takes them. They may differ in size.
    flow_field : array_like, shape (n_1, ..., n_r, r); or str or path
        Pixels, array-axis order, backward, on the fixed image's grid; or a file that `dirv_tf.io.read_flow_field`
        reads, such as an ITK displacement field.
    model : str, path, UncertaintyNetwork or None
        A network whose task is "uncertainty": a shipped one (``pretrained_names(task="uncertainty")``), a weights file
        or its folder, or the network. None: "uncertainty-2d" for images; none is shipped for volumes.
    normalize : {"model", "type", "joint", "each"}
        How intensities become [0, 1], as of `register`; "model": by the rule on the network's card.

    Returns
    -------
    ndarray of float32, shape (n_1, ..., n_r, r), pixels
        Of a normal distribution around the field: 90 percent of the errors of a component are expected within 1.645
        times its value.

    Raises
    ------
    FileNotFoundError, ImportError, TypeError
        As `register`.
    ValueError
        For images or a field of the wrong kind, for a file of a field on another grid than theirs, and for a network
        that does not exist or is made for something else.

    Notes
    -----
    Where the field is longer than ten pixels on average, or the images differ in size, its linear part is applied to
    the moving image first: what a network judges is the rest.

    Examples
    --------
    >>> import dirv_tf
    >>> deviation = dirv_tf.uncertainty("fixed.png", "moving.png", "demons.nii.gz")  # doctest: +SKIP
    """
    first, second = take_pair(fixed, moving)
    check_same_rank(first.array, second.array)
    rank = first.array.ndim
    network, _ = choose_network(model, rank)
    field = field_to_judge(flow_field, first, second)
    for image, name in ((first, "fixed"), (second, "moving")):
        check_intensities(image.array, name)
    rule = (network.normalization or "type") if normalize == "model" else normalize
    ranges = intensity_ranges(first.array, second.array, rule)
    one, two = (to_unit_interval(image.array, limits) for image, limits in zip((first, second), ranges))
    is_long = float(np.linalg.norm(field, axis=-1).mean()) > _LONG
    apart = is_long or one.shape != two.shape
    return judged(one, two, field, LinearMap.nearest(field) if apart else LinearMap.identity(rank), network)


def choose_network(model: Any, rank: int) -> tuple[Any, str]:
    """Return the network of uncertainty that the user means, and its name; raises as `choose_model` does.

    Parameters
    ----------
    model : str, path, UncertaintyNetwork or None
    rank : int

    Returns
    -------
    tuple of (UncertaintyNetwork, str)
    """
    if model is None and rank not in DEFAULT_NETWORKS:
        raise ValueError(
            f"Expected a network of uncertainty for {rank}D images, trained by a run file of the kind 'uncertainty'; "
            "none is shipped. Received: model=None"
        )
    return choose_model(DEFAULT_NETWORKS[rank] if model is None else model, rank, "uncertainty")


def judged(
    fixed: np.ndarray, moving: np.ndarray, flow_field: np.ndarray, linear: LinearMap, network: Any
) -> np.ndarray:
    """Return the standard deviation of a field whose linear part is known.

    Parameters
    ----------
    fixed, moving : ndarray of float32, shapes (n_1, ..., n_r) and (m_1, ..., m_r)
        Intensities in [0, 1].
    flow_field : ndarray, shape (n_1, ..., n_r, r), pixels
        The whole map.
    linear : LinearMap
        By which the moving image is sampled first.
    network : UncertaintyNetwork

    Returns
    -------
    ndarray of float32, shape (n_1, ..., n_r, r), pixels of the moving image
    """
    sampled, rest = linear.sampled(moving, fixed.shape), linear.decomposed(flow_field)
    one, seen = (tf.convert_to_tensor(each[np.newaxis, ..., np.newaxis]) for each in (fixed, sampled))
    field = tf.convert_to_tensor(np.asarray(rest, np.float32)[np.newaxis])
    if isinstance(network, UncertaintyNetwork) and network.warp_moving:
        # Of the whole image: a piece does not hold what the field brings in.
        with geometry.for_any_shape():
            seen = geometry.warp_image(seen, field)
    run = functools.partial(_judged_piece, network)
    deviation = in_pieces(run, (one, seen, field), field.shape[-1], network.halo, network.size_multiples)
    if not (np.isfinite(deviation).all() and deviation.min() > 0):
        raise ValueError(
            "Expected a network of uncertainty whose standard deviations are finite and above 0. "
            f"Received: model={network.name!r}, with a smallest of {deviation.min():.6g}"
        )
    if linear.is_identity:
        return deviation
    # Independent components of the rest, turned and stretched by the linear map.
    return np.sqrt(deviation**2 @ (linear.matrix.T**2)).astype(np.float32)


def sampled_fields(
    flow_field: np.ndarray, standard_deviation: np.ndarray, count: int, seed: int = 0
) -> np.ndarray:
    """Draw fields that may as well be the true one.

    The errors of neighbors go together: smooth noise (`dirv_tf.losses.correlated_noise`) times the standard deviation.

    Parameters
    ----------
    flow_field, standard_deviation : ndarray, shape (n_1, ..., n_r, r), pixels
    count : int
        At least 1.
    seed : int
        The same fields for the same seed.

    Returns
    -------
    ndarray of float32, shape (count, n_1, ..., n_r, r), pixels

    Raises
    ------
    ValueError
        For another count or seed.

    Examples
    --------
    >>> import numpy as np
    >>> sampled_fields(np.zeros((16, 16, 2), np.float32), np.ones((16, 16, 2), np.float32), 3, seed=1).shape
    (3, 16, 16, 2)
    """
    count, key = integer(1)("count", count), random_keys.stream_key(seed, random_keys.SAMPLED_FIELDS)
    samples = np.empty((count, *flow_field.shape), np.float32)
    for number in range(count):
        own_seed = random_keys.stateless_seed(random_keys.fold(key, number))
        noise = correlated_noise([1, *flow_field.shape], own_seed)[0].numpy()
        samples[number] = flow_field + standard_deviation * noise
    return samples


def _judged_piece(network, fixed, seen, field):
    values = _graph(network)(fixed, seen, field)
    if values.shape != field.shape:
        raise ValueError(
            f"a {type(network).__name__} must return a 'standard_deviation' of the field's shape. "
            f"Received: standard_deviation.shape={values.shape}, flow_field.shape={field.shape}"
        )
    return values


def _graph(network):
    if network not in _graphs:
        # Weak, since a value that holds its own key would keep every network for good.
        reference, rank = weakref.ref(network), network.rank
        shapes = [tf.TensorSpec([None] * (rank + 1) + [channels]) for channels in (1, 1, rank)]

        @tf.function(input_signature=shapes, autograph=False)
        def graph(fixed, seen, field):
            with geometry.for_any_shape():
                return _called(reference(), fixed, seen, field)

        _graphs[network] = graph
    return _graphs[network]


def _called(network, fixed, seen, field):
    if isinstance(network, UncertaintyNetwork):
        # Its own `call` would warp the moving image once more.
        return network.judged(fixed, seen, field)
    outputs = network((fixed, seen, field))
    if not isinstance(outputs, dict) or "standard_deviation" not in outputs:
        received = sorted(outputs) if isinstance(outputs, dict) else type(outputs).__name__
        raise ValueError(
            f"a {type(network).__name__} must return a dictionary with a 'standard_deviation'. "
            f"Received: outputs={received}"
        )
    return outputs["standard_deviation"]
