"""Trained weights as two plain files: the arrays (`weights.npz`) and a card that says what they are (`weights.json`).

The arrays carry the path of their variable in the network, such as "level0/unit3/data_experts/kernels", so that the
files outlive Keras versions and can be read without this package. The card holds the arguments of the network, from
which it is built again, the metrics and settings of the run that made it, and the checksum of the arrays.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from dirv_tf.io.array_archives import read_arrays, write_arrays
from dirv_tf.io.atomic_write import atomic_path, write_json
from dirv_tf.io.file_paths import file_json
from dirv_tf.models.network_settings import NORMALIZATIONS
from dirv_tf.models.registry import network_class
from dirv_tf.models.stated_arguments import check_arguments
from dirv_tf.validation import UnreadableFileError, shown

if TYPE_CHECKING:
    import tensorflow as tf

    from dirv_tf.models.registration_network import RegistrationNetwork

FORMAT = 1
ARRAYS_NAME = "weights.npz"
CARD_NAME = "weights.json"
# Cards of the first version name no network.
_FIRST_KIND = "dirv_net"
# Entries that the package reads.
_ENTRIES = {
    "network": str, "model": dict, "parameters": int, "sha256": str, "input": dict, "data": dict, "training": dict,
    "metrics": dict, "run": str, "preset": str,
}
_WORDS = {str: "a text", dict: "a mapping", int: "an integer"}


class WeightFileError(UnreadableFileError):
    """A weights file is missing, damaged, or holds another network."""


def save_weights_file(model: RegistrationNetwork, path: Any, card: Mapping[str, Any] | None = None) -> Path:
    """Write the weights of a network and their card, each atomically.

    Parameters
    ----------
    model : RegistrationNetwork
    path : str or Path
        The folder for `weights.npz` and `weights.json`, or the npz file itself; its card gets the same name.
    card : mapping or None
        What else to say on the card: run, metrics, seeds, versions.

    Returns
    -------
    Path
        The npz file.

    Raises
    ------
    ValueError
        If `named_variables` of the network leaves out what it has learned.
    """
    path = _arrays_path(path)
    arrays = {name: np.array(variable.numpy()) for name, variable in complete_variables(model).items()}
    with atomic_path(path) as temporary:
        write_arrays(temporary, arrays)
        checksum = _checksum(temporary)
    parameters = int(sum(array.size for array in arrays.values()))
    fixed = {
        "format": FORMAT,
        "network": model.kind,
        "model": model.architecture(),
        "parameters": parameters,
        "sha256": checksum,
    }
    stated = {"input": {"normalization": model.normalization}} if model.normalization else {}
    write_json(path.with_suffix(".json"), {**fixed, **stated, **(card or {}), **fixed})
    return path


def load_weights_file(path: Any) -> RegistrationNetwork:
    """Build the network that a weights file was made from and give it its weights.

    Parameters
    ----------
    path : str or Path
        The folder or the npz file.

    Returns
    -------
    RegistrationNetwork
        Of the kind on the card, with the weights; its `card` is what the card says.

    Raises
    ------
    WeightFileError
        When a file is missing, damaged, of an unknown format, or does not fit the network on its card.
    """
    path = _arrays_path(path)
    card = read_card(path)
    if not path.is_file():
        raise WeightFileError(f"Expected the weights in a file {path.name} beside their card. Received: path={path}")
    checksum = _checksum(path)
    if checksum != card["sha256"]:
        raise WeightFileError(
            f"Expected weights with the SHA-256 on their card, {card['sha256']}: the file is damaged, or card and "
            f"weights are of two runs. Received: sha256={checksum}, path={path}"
        )
    arrays = read_arrays(path, None, "an archive of weights", WeightFileError)
    model = _network_on(card, path.with_suffix(".json"), sum(array.size for array in arrays.values()))
    _assign(model, path, arrays)
    object.__setattr__(model, "card", card)
    return model


def read_card(path: Any) -> dict[str, Any]:
    """Read the card of a weights file.

    Parameters
    ----------
    path : str or Path
        The folder, the npz file or the card itself.

    Returns
    -------
    dict
        At least `format`, `network` (its kind), `model` (its arguments), `parameters` and `sha256`.

    Raises
    ------
    WeightFileError
        When the card is missing, damaged or of an unknown format.
    """
    path = _arrays_path(path).with_suffix(".json")
    try:
        card = file_json(path, "a weights card in JSON")
    except FileNotFoundError:
        raise WeightFileError(f"Expected a weights card, a JSON file. Received: path={path}") from None
    except UnreadableFileError as error:
        raise WeightFileError(str(error)) from None
    if not isinstance(card, dict) or card.get("format") != FORMAT:
        received = card.get("format") if isinstance(card, dict) else card
        raise WeightFileError(
            f"Expected a weights card of format {FORMAT}. Received: format={shown(received)}, path={path}"
        )
    missing = [key for key in ("model", "parameters", "sha256") if card.get(key) is None]
    if missing:
        raise WeightFileError(
            f"Expected a weights card with {', '.join(missing)}. Received: keys={shown(list(card))}, path={path}"
        )
    card = {"format": card["format"], "network": card.get("network", _FIRST_KIND), **card}
    for key, kind in _ENTRIES.items():
        # What may be left out may also be null.
        if card.get(key) is not None and type(card[key]) is not kind:
            raise WeightFileError(
                f"Expected {_WORDS[kind]} under '{key}' on the card. Received: {key}={shown(card[key])}, path={path}"
            )
    floor = card.get("noise_floor")
    if floor is not None and not (type(floor) in (int, float) and 0 <= floor < 1):
        raise WeightFileError(
            "Expected a difference from 0 to below 1 under 'noise_floor' on the card. "
            f"Received: noise_floor={shown(floor)}, path={path}"
        )
    return card


def complete_variables(model: RegistrationNetwork) -> dict[str, tf.Variable]:
    """Return the variables that a network names, once it is sure that none is lost which it learns.

    Parameters
    ----------
    model : RegistrationNetwork

    Returns
    -------
    dict of str to tf.Variable
        What `named_variables` returns.

    Raises
    ------
    ValueError
        If a trainable variable is not among them, as that of a unit with further layers: written and read again, it
        would be untrained.
    """
    variables = model.named_variables()
    found = {id(variable) for variable in variables.values()}
    lost = [variable.name for variable in model.trainable_variables if id(variable) not in found]
    if lost:
        raise ValueError(
            "Expected `named_variables` to name all that a network learns. "
            f"Received: a {type(model).__name__} that leaves out {len(lost)} variables, such as {lost[0]}"
        )
    return variables


def _network_on(card, path, size):
    """Build the network that a card describes, in the precision and for the intensities that it states."""
    rule = (card.get("input") or {}).get("normalization")
    if rule is not None and rule not in NORMALIZATIONS:
        raise WeightFileError(
            f"Expected one of {', '.join(NORMALIZATIONS)} as the normalization on the card of the model. "
            f"Received: normalization={shown(rule)}, path={path}"
        )
    try:
        kind = network_class(card["network"])
    except ValueError as error:
        raise WeightFileError(f"Expected a card of a known network: {error}, path={path}") from error
    try:
        check_arguments(card["network"], card["model"], size)
        model = kind.from_config({**kind.later_arguments, **card["model"], "normalization": rule})
        model.build()
    except ImportError:
        raise
    except Exception as error:
        raise WeightFileError(
            f"Expected the arguments of {kind.__name__} on the card ({error}). "
            f"Received: model={shown(card['model'])}, path={path}"
        ) from error
    # A default that changed since the card was written would make another network of the same weights.
    missing = sorted(set(model.architecture()) - set(card["model"]) - set(kind.later_arguments))
    if missing:
        raise WeightFileError(
            f"Expected all arguments of {kind.__name__} on the card. Received: model without {', '.join(missing)}, "
            f"path={path}"
        )
    return model


def _assign(model, path, arrays):
    variables = model.named_variables()
    expected = {name: tuple(variable.shape) for name, variable in variables.items()}
    received = {name: array.shape for name, array in arrays.items()}
    different = sorted(name for name in {*expected, *received} if expected.get(name) != received.get(name))
    if different:
        name = different[0]
        raise WeightFileError(
            f"Expected the arrays of the network on the card; {len(different)} differ, first '{name}' of shape "
            f"{expected.get(name)}. Received: shape={received.get(name)}, path={path}"
        )
    wrong = [name for name, array in arrays.items() if array.dtype.kind not in "fiub" or not np.isfinite(array).all()]
    if wrong:
        raise WeightFileError(f"Expected finite numbers as weights. Received: {shown(wrong)} with others, path={path}")
    for name, variable in variables.items():
        variable.assign(arrays[name])


def _arrays_path(path):
    path = Path(path)
    if path.suffix in (".npz", ".json"):
        return path.with_suffix(".npz")
    return path / ARRAYS_NAME


def _checksum(path):
    digest = hashlib.sha256()
    with open(path, "rb") as stream:
        while block := stream.read(2**20):
            digest.update(block)
    return digest.hexdigest()
