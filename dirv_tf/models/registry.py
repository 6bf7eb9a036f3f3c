"""The families of registration networks by their kind, loaded on first use.

A new family is one folder in `dirv_tf.models` and one line here. A network of one's own, in any other module, is known
once its class is decorated with `register_network`; a module named in the environment variable DIRV_TF_PLUGINS
(several: with commas between) or in the entry point group ``dirv_tf.networks`` is imported when it is needed, so that
the commands know its networks too. What a weight card names is never imported.
"""

from __future__ import annotations

import difflib
import functools
import importlib
import importlib.metadata
import os
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from dirv_tf.models.network_settings import TASKS, NetworkSettings, derived_settings

if TYPE_CHECKING:
    from dirv_tf.models.registration_network import RegistrationNetwork

# Kind -> where the class of the network and that of its settings are.
_BUILT_IN = {
    "dirv_net": ("dirv_tf.models.dirv_net.network:DIRVNet", "dirv_tf.models.dirv_net.settings:DIRVNetSettings"),
    "avsm": ("dirv_tf.models.avsm.network:AVSM", "dirv_tf.models.avsm.settings:AVSMSettings"),
    "counterpart": (
        "dirv_tf.models.counterpart.network:CounterpartNetwork",
        "dirv_tf.models.counterpart.settings:CounterpartSettings",
    ),
    "dlir": ("dirv_tf.models.dlir.network:DLIR", "dirv_tf.models.dlir.settings:DLIRSettings"),
    "rwcnet": ("dirv_tf.models.rwcnet.network:RWCNet", "dirv_tf.models.rwcnet.settings:RWCNetSettings"),
    "uncertainty": (
        "dirv_tf.models.uncertainty.network:UncertaintyNetwork",
        "dirv_tf.models.uncertainty.settings:UncertaintySettings",
    ),
    "voxelmorph": (
        "dirv_tf.models.voxelmorph.network:VoxelMorph",
        "dirv_tf.models.voxelmorph.settings:VoxelMorphSettings",
    ),
}
PLUGINS_VARIABLE = "DIRV_TF_PLUGINS"
_ENTRY_POINTS = "dirv_tf.networks"

_registered: dict[str, type[RegistrationNetwork]] = {}
_settings: dict[str, type[NetworkSettings]] = {}


def register_network(network: type[RegistrationNetwork]) -> type[RegistrationNetwork]:
    """Make a class of networks known by its `kind`; a class decorator.

    Parameters
    ----------
    network : type
        A subclass of `RegistrationNetwork` with a `kind`. What its settings in run files are is read off its
        ``__init__`` (`derived_settings`), unless it has an attribute `settings_class`.

    Returns
    -------
    type
        The class.

    Raises
    ------
    ValueError
        If it has no kind, another class has the same, or its task is none that is known.

    Examples
    --------
    >>> from dirv_tf.models import RegistrationNetwork, register_network
    >>> @register_network
    ... class ZeroField(RegistrationNetwork):
    ...     kind = "zero_field"
    ...     def call(self, inputs):
    ...         fixed, _ = self.checked_pair(inputs)
    ...         return {"flow_field": 0.0 * tf.repeat(fixed, self.rank, axis=-1)}
    """
    import tensorflow as tf

    kind = network.kind
    if not isinstance(kind, str) or not kind.isidentifier():
        raise ValueError(f"`kind` must be a name such as my_network. Received: {network.__name__}.kind={kind!r}")
    if network.task not in TASKS:
        raise ValueError(f"`task` must be {' or '.join(TASKS)}. Received: {network.__name__}.task={network.task!r}")
    path = f"{network.__module__}:{network.__qualname__}"
    known = _registered.get(kind)
    other = f"{known.__module__}:{known.__qualname__}" if known else _BUILT_IN.get(kind, (path,))[0]
    if other != path:
        raise ValueError(f"`kind` must be of one class alone. Received: kind={kind!r} of {path}, and of {other}")
    _registered[kind] = network
    _settings.pop(kind, None)
    return tf.keras.utils.register_keras_serializable(package="dirv_tf")(network)


def network_kinds() -> tuple[str, ...]:
    """Return all kinds that are known, those of the package first."""
    _import_plugins()
    return (*_BUILT_IN, *sorted(set(_registered) - set(_BUILT_IN)))


def network_class(kind: str) -> type[RegistrationNetwork]:
    """Return the class of networks of a kind.

    Raises
    ------
    ValueError
        For an unknown kind; the message lists the known ones.
    """
    _check(kind)
    return _registered[kind] if kind in _registered else _load(_BUILT_IN[kind][0])


def settings_class(kind: str) -> type[NetworkSettings]:
    """Return the class of the settings that a network of a kind has in run files; raises as `network_class` does."""
    _check(kind)
    if kind in _BUILT_IN:
        return _load(_BUILT_IN[kind][1])
    if kind not in _settings:
        _settings[kind] = getattr(_registered[kind], "settings_class", None) or derived_settings(_registered[kind])
    return _settings[kind]


class SettingsByKind(Mapping):
    """The settings classes of all networks by kind, as a mapping that is looked up anew every time."""

    def __getitem__(self, kind: str) -> type[NetworkSettings]:
        if kind not in network_kinds():
            raise KeyError(kind)
        return settings_class(kind)

    def __iter__(self) -> Iterator[str]:
        return iter(network_kinds())

    def __len__(self) -> int:
        return len(network_kinds())


def _check(kind):
    known = network_kinds()
    if kind not in known:
        close = difflib.get_close_matches(str(kind), known, n=1)
        raise ValueError(
            f"`kind` must be one of {', '.join(known)}.{f' Did you mean {close[0]!r}?' if close else ''} A network of "
            f"your own is known once the module that defines it is imported, or named in {PLUGINS_VARIABLE}. "
            f"Received: kind={kind!r}"
        )


def _load(path):
    module, _, name = path.partition(":")
    return getattr(importlib.import_module(module), name)


def _import_plugins():
    named = os.environ.get(PLUGINS_VARIABLE, "")
    for module in filter(None, map(str.strip, named.split(","))):
        try:
            importlib.import_module(module)
        except ImportError as error:
            raise ImportError(
                f"{PLUGINS_VARIABLE} must name modules that can be imported ({error}). "
                f"Received: {PLUGINS_VARIABLE}={named}"
            ) from error
    _load_entry_points()


@functools.cache
def _load_entry_points():
    found = importlib.metadata.entry_points()
    # Python 3.9 returns a mapping of groups.
    for entry in found.select(group=_ENTRY_POINTS) if hasattr(found, "select") else found.get(_ENTRY_POINTS, ()):
        entry.load()
