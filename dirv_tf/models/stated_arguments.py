"""Arguments of a network that a file states, checked before the network is built."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from dirv_tf.models.network_settings import NetworkSettings
from dirv_tf.models.registry import settings_class
from dirv_tf.validation import shown


def check_arguments(kind: str, arguments: Mapping[str, Any], size: int) -> None:
    """Refuse arguments of another form, and a network of far more numbers than the file holds.

    Parameters
    ----------
    kind : str
        Of the network.
    arguments : mapping of str
        As the file states them.
    size : int
        How many numbers the file holds as weights.

    Raises
    ------
    ValueError
        For such arguments.
    """
    known = _checked_settings(kind, arguments)
    rank = arguments.get("rank", 2)
    if known is None or rank not in (2, 3):
        # The network would have to be built to count them; or it refuses that itself.
        return
    parameters = known.parameters(rank)
    # Networks that are nearly of this size are compared array by array.
    if parameters > 2 * size:
        raise ValueError(f"{parameters:,} parameters, while the file holds {size:,}")


def _checked_settings(kind, arguments):
    """Return the settings of a network, or None where only a network that is built knows its parameters."""
    settings = settings_class(kind)
    held = {name: value for name, value in arguments.items() if name in settings.networks}
    wrong = [name for name, value in arguments.items() if name not in held and not _is_plain(value)]
    wrong += [name for name, value in held.items() if not _names_a_network(value)]
    if wrong:
        # Nothing that Keras would make an object of.
        name = wrong[0]
        legal = "a mapping with the kind of a network" if name in held else "a number, a text or a list of them"
        raise ValueError(f"`{name}` must be {legal}. Received: {shown(arguments[name])}")
    parts = {
        name: _checked_settings(value["kind"], {key: value[key] for key in value if key != "kind"})
        for name, value in held.items()
    }
    if settings.parameters is NetworkSettings.parameters or None in parts.values():
        return None
    checks = {field.name: field.metadata.get("check") for field in dataclasses.fields(settings)}
    known = {name: checks[name](name, value) for name, value in arguments.items() if checks.get(name)}
    return settings(**known, **parts)


def _names_a_network(value):
    # A network that holds another holds none that does.
    return type(value) is dict and isinstance(value.get("kind"), str) and not settings_class(value["kind"]).networks


def _is_plain(value):
    parts = value if isinstance(value, (list, tuple)) else [value]
    return all(isinstance(part, (str, int, float, type(None))) for part in parts)
