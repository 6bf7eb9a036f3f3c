"""The networks of the comparison: which they are, and what their cards and records say of their training."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from dirv_tf.models.pretrained import WEIGHTS_FOLDER, pretrained_names
from dirv_tf.models.registration_network import RegistrationNetwork
from dirv_tf.models.weight_files import load_weights_file, read_card
from experiments.folders import RECORDS

# One row per family and way of training, and the best of this project; what does not ship is left out.
NETWORKS = (
    "A-6", "best-2d", "large-2d",
    "voxelmorph-2d-quick", "voxelmorph-2d-quick-supervised",
    "dlir-2d-quick", "dlir-2d-quick-supervised",
    "avsm-2d-quick", "avsm-2d-quick-supervised",
    "rwcnet-2d-quick", "rwcnet-2d-quick-supervised",
    "best-3d",
)
FAMILIES = {"dirv_net": "DIRV-Net", "voxelmorph": "VoxelMorph", "dlir": "DLIR", "avsm": "AVSM", "rwcnet": "RWCNet"}


class ComparedNetwork(NamedTuple):
    """A network and what is known of it.

    Attributes
    ----------
    name : str
    network : RegistrationNetwork
    facts : dict
        `family`, `rank`, `parameters`, `sha256`, `supervised` (whether true fields were shown), `images_first` (whether
        the training began without them), `start_from` (the network whose weights it began with), `pairs_shown`, and of
        a training that has a record `minutes` and `hardware`; None for what is not known.
    """

    name: str
    network: RegistrationNetwork
    facts: dict[str, Any]


def default_networks() -> tuple[str, ...]:
    """Return the names of `NETWORKS` that ship."""
    shipped = pretrained_names()
    return tuple(name for name in NETWORKS if name in shipped)


def load_network(name_or_folder: str, results: Path = RECORDS) -> ComparedNetwork:
    """Load a shipped network, or one of a run's folder.

    Parameters
    ----------
    name_or_folder : str
        A shipped name, or the folder of a finished run (with weights.npz and weights.json), whose name it then gets.
    results : path
        The folder of the shipped networks' records.

    Returns
    -------
    ComparedNetwork

    Raises
    ------
    ValueError
        When it is neither, or the files are no weights.

    Examples
    --------
    >>> load_network("voxelmorph-2d-quick").facts["parameters"]
    109170
    """
    if name_or_folder in pretrained_names():
        name, weights, run = name_or_folder, WEIGHTS_FOLDER / name_or_folder, results / name_or_folder
    elif (folder := Path(name_or_folder)).is_dir():
        name, weights, run = folder.resolve().name, folder, folder
    else:
        raise ValueError(
            "Expected the name of a shipped network or the folder of a finished run. "
            f"Received: network={name_or_folder!r}"
        )
    card = read_card(weights)
    training, data = card.get("training", {}), card.get("data", {})
    losses = _losses(training)
    known = training.get("epochs") and data.get("train_images")
    facts = {
        "family": card.get("network", "dirv_net"),
        "rank": card["model"]["rank"],
        "parameters": card["parameters"],
        "sha256": card["sha256"],
        "supervised": any(_shows_fields(loss) for loss in losses) if losses else None,
        "images_first": any(map(_shows_fields, losses)) and not _shows_fields(losses[0]),
        "start_from": training.get("start_from"),
        "pairs_shown": training["epochs"] * data["train_images"] if known else None,
        **_training_time(run / "run.json"),
    }
    return ComparedNetwork(name, load_weights_file(weights), facts)


def load_networks(names: Sequence[str]) -> list[ComparedNetwork]:
    """Load networks; see `load_network`.

    Raises
    ------
    ValueError
        Also for two of one name, whose rows could not be told apart.
    """
    networks = [load_network(name) for name in names]
    found = [network.name for network in networks]
    twice = sorted({name for name in found if found.count(name) > 1})
    if twice:
        raise ValueError(f"Expected networks of different names. Received: {', '.join(twice)} more than once")
    return networks


def _losses(training):
    """Return the losses of a training in their order; empty where the card does not say."""
    common = training.get("loss")
    stages = training.get("stages") or ({},)
    return [loss for loss in (stage.get("loss") or common for stage in stages) if loss]


def _shows_fields(loss):
    return loss in ("displacement", "combined")


def _training_time(file):
    if not file.is_file():
        return {"minutes": None, "hardware": None}
    record = json.loads(file.read_text(encoding="utf-8"))
    return {"minutes": round(record["seconds"] / 60, 1), "hardware": record["hardware"]}
