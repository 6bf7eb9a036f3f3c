"""Trained weights as two plain files: the arrays (`weights.npz`) and a card that says what they are (`weights.json`).

The arrays carry the path of their variable in the network, such as "level0/unit3/data_experts/kernels", so that the
files outlive Keras versions and can be read without this package. The card holds the arguments of the network, from
which it is built again, the metrics and settings of the run that made it, and the checksum of the arrays.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from dirv_tf.io.array_archives import write_arrays
from dirv_tf.io.atomic_write import atomic_path, write_json
from dirv_tf.models.network_settings import NORMALIZATIONS
from dirv_tf.models.registry import network_class

if TYPE_CHECKING:
    from dirv_tf.models.registration_network import RegistrationNetwork

FORMAT = 1
ARRAYS_NAME = "weights.npz"
CARD_NAME = "weights.json"
# Cards of the first version name no network.
_FIRST_KIND = "dirv_net"


class WeightFileError(ValueError):
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
    """
    path = _arrays_path(path)
    arrays = {name: np.array(variable.numpy()) for name, variable in model.named_variables().items()}
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
    model = _network_on(card, path.with_suffix(".json"))
    _assign(model, path)
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
        card = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise WeightFileError(f"Expected a weights card, a JSON file. Received: path={path}") from None
    except ValueError as error:
        raise WeightFileError(f"Expected a weights card in JSON ({error}). Received: path={path}") from None
    if not isinstance(card, dict) or card.get("format") != FORMAT:
        received = card.get("format") if isinstance(card, dict) else card
        raise WeightFileError(f"Expected a weights card of format {FORMAT}. Received: format={received!r}, path={path}")
    missing = [key for key in ("model", "parameters", "sha256") if key not in card]
    if missing:
        raise WeightFileError(f"Expected a weights card with {', '.join(missing)}. Received: keys={list(card)}, "
                              f"path={path}")
    return {"format": card["format"], "network": card.get("network", _FIRST_KIND), **card}


def _network_on(card, path):
    """Build the network that a card describes, in the precision and for the intensities that it states."""
    stated = card.get("input")
    if stated is not None and not isinstance(stated, dict):
        raise WeightFileError(f"Expected a mapping under 'input' on the card. Received: input={stated!r}, path={path}")
    rule = (stated or {}).get("normalization")
    if rule is not None and rule not in NORMALIZATIONS:
        raise WeightFileError(
            f"Expected one of {', '.join(NORMALIZATIONS)} as the normalization on the card of the model. "
            f"Received: normalization={rule!r}, path={path}"
        )
    try:
        kind = network_class(card["network"])
    except ValueError as error:
        raise WeightFileError(f"Expected a card of a known network: {error}, path={path}") from error
    try:
        model = kind.from_config({**card["model"], "normalization": rule})
        model.build()
    except (TypeError, ValueError) as error:
        raise WeightFileError(
            f"Expected the arguments of {kind.__name__} on the card ({error}). "
            f"Received: model={card['model']}, path={path}"
        ) from error
    # A default that changed since the card was written would make another network of the same weights.
    missing = sorted(set(model.architecture()) - set(card["model"]))
    if missing:
        raise WeightFileError(
            f"Expected all arguments of {kind.__name__} on the card. Received: model without {', '.join(missing)}, "
            f"path={path}"
        )
    return model


def _assign(model, path):
    variables = model.named_variables()
    with open(path, "rb") as stream, np.load(stream, allow_pickle=False) as file:
        arrays = dict(file)
    expected = {name: tuple(variable.shape) for name, variable in variables.items()}
    received = {name: array.shape for name, array in arrays.items()}
    different = sorted(name for name in {*expected, *received} if expected.get(name) != received.get(name))
    if different:
        name = different[0]
        raise WeightFileError(
            f"Expected the arrays of the network on the card; {len(different)} differ, first '{name}' of shape "
            f"{expected.get(name)}. Received: shape={received.get(name)}, path={path}"
        )
    for name, variable in variables.items():
        variable.assign(arrays[name])


def _arrays_path(path):
    path = Path(path)
    if path.suffix in (".npz", ".json"):
        return path.with_suffix(".npz")
    return path / ARRAYS_NAME


def _checksum(path):
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()
