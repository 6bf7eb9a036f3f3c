"""Datasets from plain configuration mappings."""

from __future__ import annotations

import inspect
from collections.abc import Mapping

from dirv_tf.datasets.chessboard_pairs import ChessboardPairs
from dirv_tf.datasets.file_pairs import from_pairs
from dirv_tf.datasets.folder_pairs import from_folder

_KINDS = {"chessboard": ChessboardPairs, "folder": from_folder, "pairs": from_pairs}


def from_config(config):
    """Build a dataset from a mapping, as read from a YAML file.

    Parameters
    ----------
    config : mapping
        ``"kind"`` names the dataset: ``"chessboard"`` (`ChessboardPairs`), ``"folder"`` (`from_folder`) or ``"pairs"``
        (`from_pairs`); all other keys are its arguments.

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
    unknown = [key for key in arguments if key not in legal]
    if unknown:
        raise ValueError(
            f"Keys of a dataset of kind {kind!r} must be among {', '.join(map(repr, legal))}. "
            f"Received: {', '.join(map(repr, unknown))}"
        )
    return dataset(**arguments)
