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
    wrong = [name for name, value in arguments.items() if not _is_plain(value)]
    if wrong:
        # Nothing that Keras would make an object of.
        name = wrong[0]
        raise ValueError(f"`{name}` must be a number, a text or a list of them. Received: {shown(arguments[name])}")
    settings, rank = settings_class(kind), arguments.get("rank", 2)
    if settings.parameters is NetworkSettings.parameters or rank not in (2, 3):
        # The network would have to be built to count them; or it refuses that itself.
        return
    checks = {field.name: field.metadata["check"] for field in dataclasses.fields(settings)}
    known = {name: checks[name](name, value) for name, value in arguments.items() if name in checks}
    parameters = settings(**known).parameters(rank)
    # Networks that are nearly of this size are compared array by array.
    if parameters > 2 * size:
        raise ValueError(f"{parameters:,} parameters, while the file holds {size:,}")


def _is_plain(value):
    parts = value if isinstance(value, (list, tuple)) else [value]
    return all(isinstance(part, (str, int, float, type(None))) for part in parts)
