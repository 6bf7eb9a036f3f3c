"""From the `model` argument of `register` to a network."""

from __future__ import annotations

import functools
import os
from pathlib import Path
from typing import Any

from dirv_tf.models import RegistrationNetwork, pretrained
from dirv_tf.models.pretrained import pretrained_names
from dirv_tf.models.registry import settings_class
from dirv_tf.models.weight_files import load_weights_file, read_card


def choose_model(model: Any, rank: int, task: str = "registration") -> tuple[RegistrationNetwork, str]:
    """Return the network that the user means, and its name.

    Parameters
    ----------
    model : RegistrationNetwork, str or path
        A network, the name of a shipped model, or the path of a weights file or of the folder that holds one.
        A shipped name wins over a folder of the same name; write ``./A-6`` for the folder.
    rank : int
        Number of spatial axes of the images to register.
    task : {"registration", "uncertainty"}
        What it is wanted for.

    Returns
    -------
    tuple of (RegistrationNetwork, str)

    Raises
    ------
    ValueError
        When a str is neither a shipped name nor an existing path, or the network is for the other rank or another
        task; the message names the models that fit.
    TypeError
        For anything else.
    """
    network, name = (model, model.name) if isinstance(model, RegistrationNetwork) else _loaded(model)
    _check_fits(name, network.task, network.rank, task, rank)
    return network, name


def check_named(model: Any, task: str) -> None:
    """Raise an error where a named network does not exist or does something else, without loading it.

    Parameters
    ----------
    model : str or path
        As of `choose_model`.
    task : str
        As of `choose_model`.

    Raises
    ------
    TypeError, ValueError
        As `choose_model`.
    """
    card = read_card(model_path(model))
    _check_fits(str(model), settings_class(card["network"]).task, card["model"].get("rank"), task)


def model_path(model: Any) -> Path:
    """Return where the weights of a named model lie, without reading them.

    Parameters
    ----------
    model : str or path

    Returns
    -------
    Path
        The weights file or the folder that holds one.

    Raises
    ------
    TypeError, ValueError
        As `choose_model`.
    """
    if not isinstance(model, (str, os.PathLike)):
        raise TypeError(
            "Expected model to be the name of a shipped model, the path of a weights file or its folder, or a "
            "RegistrationNetwork. "
            f"Received: model={model!r} of type {type(model).__name__}"
        )
    if isinstance(model, str) and pretrained.is_pretrained(model):
        return pretrained.WEIGHTS_FOLDER / model
    path = Path(model)
    if not path.exists():
        raise ValueError(
            f"Expected model to be the name of a shipped model ({_listed(pretrained_names())}), or the path of a "
            f"weights file or its folder. Received: model={str(model)!r}, which is neither"
        )
    return path


def _check_fits(name, own_task, own_rank, task, rank=None):
    """Refuse a network that is for another task or, where the images are known, for another rank."""
    if own_task != task:
        does = {"registration": "finds fields", "uncertainty": "judges fields and finds none"}
        raise ValueError(
            f"Expected a model for {task}{f' of {rank}D images' if rank else ''}; shipped ones: "
            f"{_listed(pretrained_names(rank, task))}. "
            f"Received: model={name!r}, which {does.get(own_task, f'is for {own_task}')}"
        )
    if rank not in (None, own_rank):
        raise ValueError(
            f"Expected a model for {rank}D images; shipped models for {rank}D: "
            f"{_listed(pretrained_names(rank, task))}. Received: model={name!r}, which "
            f"{'registers' if task == 'registration' else 'is for'} {own_rank}D images"
        )


def _loaded(model):
    path = model_path(model).resolve()
    files = path.glob("weights.*") if path.is_dir() else path.parent.glob(f"{path.stem}.*")
    return _load_once(path, tuple(sorted((file.name, file.stat().st_mtime_ns) for file in files))), str(model)


# Users call `register` in loops, so a model is read once, unless its files change (`last_change` is for the cache's
# key). `load_pretrained` in contrast gives a fresh network every time, because its caller may train it.
@functools.lru_cache(maxsize=8)
def _load_once(path, last_change):
    return load_weights_file(path)


def _listed(names):
    return ", ".join(names) or "none in this installation"
