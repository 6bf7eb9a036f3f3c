"""Datasets from plain configuration mappings."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any

from dirv_tf.datasets.chessboard_pairs import ChessboardPairs
from dirv_tf.datasets.file_pairs import from_pairs
from dirv_tf.datasets.folder_pairs import from_folder
from dirv_tf.datasets.mixed_pairs import MixedPairs
from dirv_tf.datasets.pair_batches import PairBatches
from dirv_tf.datasets.shape_pairs import ShapePairs
from dirv_tf.validation import one_of


def _mixture(parts, frozen_last_batch=True, **shared):
    # Of real pairs nobody knows the fields; `MixedPairs` refuses them.
    return MixedPairs([from_config({**shared, **part}) for part in parts], frozen_last_batch)  # type: ignore[misc]


_KINDS: dict[str, Callable[..., Any]] = {
    "chessboard": ChessboardPairs,
    "shapes": ShapePairs,
    "folder": from_folder,
    "pairs": from_pairs,
    "mixture": _mixture,
}


def from_config(config: Mapping[str, Any]) -> PairBatches:
    """Build a dataset from a mapping, as read from a YAML file.

    Parameters
    ----------
    config : mapping
        ``"kind"`` names the dataset: ``"chessboard"`` (`ChessboardPairs`), ``"shapes"`` (`ShapePairs`), ``"folder"``
        (`from_folder`), ``"pairs"`` (`from_pairs`) or ``"mixture"`` (`MixedPairs`); all other keys are its arguments.
        The ``"parts"`` of a mixture are mappings like this one; they take over the mixture's other keys.

    Returns
    -------
    PairBatches

    Raises
    ------
    TypeError
        If `config` is no mapping.
    ValueError
        If the kind or a key is unknown (the error lists the legal ones) or a value is out of its range.

    Examples
    --------
    >>> from_config({"kind": "chessboard", "size": [32, 32], "count": 100}).size
    (32, 32)
    """
    if not isinstance(config, Mapping):
        raise TypeError(f"`config` must be a mapping with the key 'kind'. Received: config={config!r}")
    arguments = dict(config)
    kind = arguments.pop("kind", None)
    dataset = _KINDS[one_of(*_KINDS)("kind", kind)]
    parameters = inspect.signature(dataset).parameters
    legal = list(parameters)
    # A mixture hands all that it does not know to its parts, where it is checked.
    hands_on = any(parameter.kind is parameter.VAR_KEYWORD for parameter in parameters.values())
    unknown = [] if hands_on else [key for key in arguments if key not in legal]
    if unknown:
        raise ValueError(
            f"Keys of a dataset of kind {kind!r} must be among {', '.join(map(repr, legal))}. "
            f"Received: {', '.join(map(repr, unknown))}"
        )
    return dataset(**arguments)
