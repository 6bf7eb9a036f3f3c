"""From the `model` argument of `register` to a network."""

from __future__ import annotations

import functools
import os
from pathlib import Path
from typing import Any

from dirv_tf.models import RegistrationNetwork, pretrained
from dirv_tf.models.pretrained import pretrained_names
from dirv_tf.models.weight_files import load_weights_file


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
    wanted = _listed(pretrained_names(rank, task))
    if network.task != task:
        does = {"registration": "finds fields", "uncertainty": "judges fields and finds none"}[network.task]
        raise ValueError(
            f"Expected a model for {task} of {rank}D images; shipped ones: {wanted}. "
            f"Received: model={name!r}, which {does}"
        )
    if network.rank != rank:
        raise ValueError(
            f"Expected a model for {rank}D images; shipped models for {rank}D: {wanted}. "
            f"Received: model={name!r}, which {'registers' if task == 'registration' else 'is for'} {network.rank}D "
            "images"
        )
    return network, name


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
    if isinstance(model, str) and model in pretrained_names(task=None):
        return pretrained.WEIGHTS_FOLDER / model
    path = Path(model)
    if not path.exists():
        raise ValueError(
            f"Expected model to be the name of a shipped model ({_listed(pretrained_names())}), or the path of a "
            f"weights file or its folder. Received: model={str(model)!r}, which is neither"
        )
    return path


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
