"""The trained networks that ship with the package."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from dirv_tf.models.weight_files import load_weights_file, read_card

if TYPE_CHECKING:
    from dirv_tf.models.registration_network import RegistrationNetwork

WEIGHTS_FOLDER = Path(__file__).resolve().parent.parent / "weights"


def pretrained_names(rank: int | None = None) -> tuple[str, ...]:
    """Return the names of the shipped models.

    Parameters
    ----------
    rank : int, optional
        2 or 3: only the models for images of that rank.

    Returns
    -------
    tuple of str, sorted
    """
    folders = sorted(card.parent for card in WEIGHTS_FOLDER.glob("*/weights.json"))
    return tuple(folder.name for folder in folders if rank is None or read_card(folder)["model"]["rank"] == rank)


def load_pretrained(name: str) -> RegistrationNetwork:
    """Build a shipped network and load its weights.

    Parameters
    ----------
    name : str
        One of `pretrained_names()`.

    Returns
    -------
    RegistrationNetwork
        A fresh one at every call.

    Raises
    ------
    ValueError
        For an unknown name; the message lists the shipped ones.
    """
    names = pretrained_names()
    if name not in names:
        known = ", ".join(names) or "none; this installation lacks the weights"
        raise ValueError(f"Expected the name of a shipped model: {known}. Received: name={name!r}")
    return load_weights_file(WEIGHTS_FOLDER / name)
