"""Networks in files of Keras (.keras), read without what such a file could do: import modules, make any object."""

from __future__ import annotations

import json
import tempfile
import zipfile
from pathlib import Path
from typing import Any

import h5py
import tensorflow as tf

from dirv_tf.io.decoding import decoding
from dirv_tf.io.file_limits import check_compressed
from dirv_tf.io.file_paths import existing_file
from dirv_tf.models.recurrent_refinement import RecurrentRefinement
from dirv_tf.models.registry import network_class, network_kinds
from dirv_tf.models.stated_arguments import check_arguments
from dirv_tf.models.weight_files import WeightFileError
from dirv_tf.validation import shown

_CONFIG, _WEIGHTS, _ABOUT = "config.json", "model.weights.h5", "metadata.json"
_LONGEST_CONFIG = 2**20


def load_keras_file(path: Any) -> tf.keras.Model:
    """Read a network from a file that Keras wrote by ``network.save("network.keras")``, also one of unknown origin.

    `tf.keras.models.load_model` imports the modules and makes the objects that a file names, and is for files that you
    trust. Here a file can name networks that are known already, and nothing else; loss, metrics and optimizer, which
    may stand in it, are left aside.

    Parameters
    ----------
    path : str or Path

    Returns
    -------
    RegistrationNetwork or RecurrentRefinement
        With its weights, not compiled.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    UnreadableFileError
        If it is damaged, holds another network or anything but a network, or more than its size or the memory allows.

    Examples
    --------
    >>> import tempfile
    >>> from dirv_tf.models import DIRVNet, load_keras_file
    >>> path = f"{tempfile.mkdtemp()}/network.keras"
    >>> DIRVNet(levels=2, units=1, experts=4).save(path)
    >>> load_keras_file(path).levels
    2
    """
    path = existing_file(path, "a Keras file of a network")
    with decoding(path, "a Keras file of a network", WeightFileError):
        with zipfile.ZipFile(path) as archive, tempfile.TemporaryDirectory() as folder:
            entries = {entry.filename: entry for entry in archive.infolist()}
            if set(entries) != {_CONFIG, _WEIGHTS, _ABOUT} or entries[_CONFIG].file_size > _LONGEST_CONFIG:
                raise ValueError(f"an archive of {shown(list(entries))}")
            check_compressed(path, entries[_WEIGHTS].file_size)
            weights = Path(folder) / _WEIGHTS
            weights.write_bytes(archive.read(_WEIGHTS))
            network = _network(json.loads(archive.read(_CONFIG)), _stored_numbers(path, weights))
            network.load_weights(str(weights))
        return network


def _stored_numbers(path, weights):
    """Return how many numbers lie in a file of weights, which may hold nothing but its own arrays."""
    sizes = []
    with h5py.File(weights, "r") as file:
        groups, seen = [file], set()
        while groups:
            group = groups.pop()
            if hash(group.id) in seen:
                raise ValueError("a group within itself")
            seen.add(hash(group.id))
            for name in group:
                if not isinstance(group.get(name, getlink=True), h5py.HardLink):
                    raise ValueError(f"a link to another place under {shown(name)}")
                entry = group[name]
                if isinstance(entry, h5py.Group):
                    groups.append(entry)
                elif entry.is_virtual or entry.external or entry.dtype.kind not in "fiub":
                    raise ValueError(f"something else than an array under {shown(name)}")
                else:
                    sizes.append((entry.size, entry.size * entry.dtype.itemsize))
                    check_compressed(path, sum(needed for _, needed in sizes))
    return sum(size for size, _ in sizes)


def _network(content, size):
    """Build the network that the configuration describes, its variables as they come."""
    if not isinstance(content, dict) or not isinstance(content.get("config"), dict):
        raise ValueError(f"no configuration of a network but {shown(content)}")
    arguments = dict(content["config"])
    name = content.get("registered_name")
    known = {f"dirv_tf>{kind.__name__}": kind for kind in map(network_class, network_kinds())}
    if name == "dirv_tf>RecurrentRefinement":
        network = _network(arguments.pop("network", None), size)
        if isinstance(network, RecurrentRefinement):
            raise ValueError("a refinement of a refinement")
        return RecurrentRefinement(network, **arguments)
    if not isinstance(name, str) or name not in known:
        raise ValueError(f"not one of {', '.join(known)} but {shown(name)}")
    if isinstance(arguments.get("dtype"), dict):
        # Keras's form of a policy, of which the name is all.
        arguments["dtype"] = arguments["dtype"]["config"]["name"]
    check_arguments(known[name].kind, arguments, size)
    network = known[name].from_config(arguments)
    network.build()
    return network
