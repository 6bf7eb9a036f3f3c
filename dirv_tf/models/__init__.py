"""Registration networks: the contract, the families, weight files, the shipped weights, repeated registration."""

from __future__ import annotations

import importlib
import sys

# Loaded on first use: run files are read and commands answered without TensorFlow, which takes seconds to load.
_HOMES = {
    "AVSM": "avsm.network",
    "AVSMLoss": "avsm.loss",
    "CounterpartNetwork": "counterpart.network",
    "DIRVNet": "dirv_net.network",
    "DLIR": "dlir.network",
    "NetworkObserver": "network_observer",
    "NetworkSettings": "network_settings",
    "PyramidLevel": "dirv_net.pyramid_level",
    "RWCNet": "rwcnet.network",
    "RecurrentRefinement": "recurrent_refinement",
    "RegistrationNetwork": "registration_network",
    "UncertaintyNetwork": "uncertainty.network",
    "VoxelMorph": "voxelmorph.network",
    "load_keras_file": "keras_files",
    "load_pretrained": "pretrained",
    "load_weights_file": "weight_files",
    "network_class": "registry",
    "network_kinds": "registry",
    "pretrained_names": "pretrained",
    "read_card": "weight_files",
    "register_network": "registry",
    "save_weights_file": "weight_files",
}

__all__ = sorted(_HOMES)


def __getattr__(name: str):
    if name in _HOMES:
        return getattr(importlib.import_module(f"dirv_tf.models.{_HOMES[name]}"), name)
    raise AttributeError(f"module 'dirv_tf.models' has no attribute {name!r}; it has: {', '.join(__all__)}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


# Keras finds the classes of a saved model among those that are registered. Where TensorFlow is loaded already, nothing
# is saved by waiting; where it is not, `from dirv_tf.models import DIRVNet` registers the class.
if "tensorflow" in sys.modules:
    for _name in (
        "AVSM", "AVSMLoss", "CounterpartNetwork", "DIRVNet", "DLIR", "RWCNet", "RecurrentRefinement",
        "UncertaintyNetwork", "VoxelMorph",
    ):
        __getattr__(_name)
