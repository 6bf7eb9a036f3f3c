"""The trained networks that ship with the package."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from dirv_tf.models.registry import settings_class
from dirv_tf.models.weight_files import load_weights_file, read_card

if TYPE_CHECKING:
    from dirv_tf.models.registration_network import RegistrationNetwork

WEIGHTS_FOLDER = Path(__file__).resolve().parent.parent / "weights"


def pretrained_names(rank: int | None = None, task: str | None = "registration") -> tuple[str, ...]:
    """Return the names of the shipped models.

    Parameters
    ----------
    rank : int, optional
        2 or 3: only the models for images of that rank.
    task : {"registration", "uncertainty"} or None
        What they are for, see `RegistrationNetwork`; None: all of them.

    Returns
    -------
    tuple of str, sorted
    """
    cards = {path.parent.name: read_card(path.parent) for path in sorted(WEIGHTS_FOLDER.glob("*/weights.json"))}
    return tuple(
        name
        for name, card in cards.items()
        if rank in (None, card["model"]["rank"]) and task in (None, settings_class(card["network"]).task)
    )


def is_pretrained(name: str) -> bool:
    """Return whether a network of that name ships; no card is read."""
    return name == Path(name).name and (WEIGHTS_FOLDER / name / "weights.json").is_file()


def load_pretrained(name: str) -> RegistrationNetwork:
    """Build a shipped network and load its weights.

    Parameters
    ----------
    name : str
        One of `pretrained_names(task=None)`.

    Returns
    -------
    RegistrationNetwork
        A fresh one at every call.

    Raises
    ------
    ValueError
        For an unknown name; the message lists the shipped ones.
    """
    names = pretrained_names(task=None)
    if name not in names:
        known = ", ".join(names) or "none; this installation lacks the weights"
        raise ValueError(f"Expected the name of a shipped model: {known}. Received: name={name!r}")
    return load_weights_file(WEIGHTS_FOLDER / name)
