"""Datasets from plain configuration mappings."""

from __future__ import annotations

import inspect
from collections.abc import Mapping

from dirv_tf.datasets.chessboard_pairs import ChessboardPairs
from dirv_tf.datasets.file_pairs import from_pairs
from dirv_tf.datasets.folder_pairs import from_folder
from dirv_tf.datasets.mixed_pairs import MixedPairs



def _mixture(parts, frozen_last_batch=True, **shared):
    return MixedPairs([from_config({**shared, **part}) for part in parts], frozen_last_batch)


_KINDS = {"chessboard": ChessboardPairs, "folder": from_folder, "pairs": from_pairs, "mixture": _mixture}


def from_config(config):
    """Build a dataset from a mapping, as read from a YAML file.

    Parameters
    ----------
    config : mapping
        ``"kind"`` names the dataset: ``"chessboard"`` (`ChessboardPairs`), ``"folder"`` (`from_folder`), ``"pairs"``
        (`from_pairs`) or ``"mixture"`` (`MixedPairs`); all other keys are its arguments. The ``"parts"`` of a mixture
        are mappings like this one; they take over the mixture's other keys.

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
    if kind not in _KINDS:
        raise ValueError(f"`kind` must be one of {', '.join(map(repr, _KINDS))}. Received: kind={kind!r}")
    dataset = _KINDS[kind]
    legal = list(inspect.signature(dataset).parameters)
    unknown = [] if kind == "mixture" else [key for key in arguments if key not in legal]
    if unknown:
        raise ValueError(
            f"Keys of a dataset of kind {kind!r} must be among {', '.join(map(repr, legal))}. "
            f"Received: {', '.join(map(repr, unknown))}"
        )
    return dataset(**arguments)
