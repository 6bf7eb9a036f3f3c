"""The options of `register` that hold for all pairs: checked once, and as settings that a later call can be held to."""

from __future__ import annotations

import hashlib
import inspect
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from dirv_tf.io import FLOW_FIELD_SUFFIXES
from dirv_tf.models import RegistrationNetwork
from dirv_tf.models.network_settings import NORMALIZATIONS
from dirv_tf.models.pretrained import pretrained_names
from dirv_tf.models.weight_files import read_card
from dirv_tf.registration.alignment.placement import ALIGNMENTS
from dirv_tf.registration.networks.model_choice import model_path
from dirv_tf.registration.optimization.multi_resolution import EFFORTS
from dirv_tf.registration.optimization.pair_optimization import SIMILARITIES
from dirv_tf.registration.register import refinement_rounds, register
from dirv_tf.validation import boolean, either, integer, list_of, number, one_of, optional, per_axis, text

_OF_ONE_PAIR = ("fixed", "moving", "fixed_mask", "moving_mask", "landmarks", "progress", "status")
_CHOICE = either(integer(0), text())
_OF_EACH_IMAGE = optional(either(_CHOICE, list_of(optional(_CHOICE), 2, 2)))
_CHECKS = {
    "align": optional(one_of(*ALIGNMENTS)),
    "similarity": one_of(*SIMILARITIES),
    "effort": one_of(*EFFORTS),
    "optimize": optional(boolean()),
    "normalize": one_of("model", *NORMALIZATIONS),
    "tile": optional(either(one_of(False), per_axis(integer(1)))),
    "channel": _OF_EACH_IMAGE,
    "time": _OF_EACH_IMAGE,
    "level": optional(either(integer(0), list_of(optional(integer(0)), 2, 2))),
    "pixel_size": optional(either(number(above=0), list_of(number(above=0), 1, 3))),
}


def known_options() -> dict[str, Any]:
    """Return the defaults of all options of `register` that can hold for many pairs, by name."""
    arguments = inspect.signature(register).parameters
    return {name: each.default for name, each in arguments.items() if name not in _OF_ONE_PAIR}


def checked_options(options: Mapping[str, Any]) -> dict[str, Any]:
    """Check options before the first pair is registered, since a wrong one would fail for every pair.

    Parameters
    ----------
    options : mapping
        Keyword arguments of `register`.

    Returns
    -------
    dict
        All of them, with defaults. A model that is a path is an absolute one.

    Raises
    ------
    TypeError
        For an option that does not exist or belongs to one pair.
    ValueError
        For a value that is not legal for any pair.
    """
    known = known_options()
    for name in options:
        if name not in known:
            raise TypeError(f"Expected options of `register` that hold for all pairs: {', '.join(known)}. "
                            f"Received: {name}={options[name]!r}")
    complete = {**known, **options}
    for name, check in _CHECKS.items():
        check(name, _plain(complete[name]))
    refinement_rounds(complete["refine"])
    model = complete["model"]
    if model is not None and not isinstance(model, RegistrationNetwork):
        # The card alone: a network would take memory of a GPU that other processes are to have.
        read_card(model_path(model))
        if not isinstance(model, str) or model not in pretrained_names():
            complete["model"] = os.path.abspath(model)
    return complete


def checked_field_format(field_format: str | None) -> str | None:
    """Return the format of the flow fields, or raise a ValueError."""
    return optional(one_of(*(suffix[1:] for suffix in FLOW_FIELD_SUFFIXES)))("field_format", field_format)


def settings_of(options: Mapping[str, Any], field_format: str | None) -> dict[str, Any]:
    """Return what JSON keeps of the options, to tell whether a later call has the same ones.

    Parameters
    ----------
    options : mapping
        Of `checked_options`.
    field_format : str or None

    Returns
    -------
    dict
        With a checksum of the weights, where a model is named: a network may have been trained on meanwhile.
    """
    settings = {name: _plain(value) for name, value in options.items() if name != "model"}
    model = options["model"]
    if isinstance(model, RegistrationNetwork):
        return {"model": model.name, "weights": _checksum(model), **settings, "field_format": field_format}
    weights = None if model is None else read_card(model_path(model))["sha256"]
    return {"model": model, "weights": weights, **settings, "field_format": field_format}


def _checksum(network):
    digest = hashlib.sha256()
    for name, variable in sorted(network.named_variables().items()):
        digest.update(name.encode())
        digest.update(np.ascontiguousarray(variable.numpy()).tobytes())
    return digest.hexdigest()


def _plain(value):
    if isinstance(value, Path):
        return str(value)
    if hasattr(value, "tolist"):
        return value.tolist()
    return list(value) if isinstance(value, tuple) else value
