"""Names of a model's variables that no version of Keras changes."""

from __future__ import annotations

import tensorflow as tf


def variable_paths(model: tf.keras.Model) -> dict[str, tf.Variable]:
    """Return every variable by the attributes that lead to it, such as ``features/kernel`` or ``blocks/0/bias``.

    Parameters
    ----------
    model : tf.keras.Model
        Its variables exist. Public attributes that hold layers are followed, in the order in which they were set;
        what is reached twice is named once.

    Returns
    -------
    dict of str to tf.Variable
    """
    named: dict[str, tf.Variable] = {}
    _collect(model, "", named, set())
    return named


def _collect(holder, path, named, seen):
    if isinstance(holder, tf.keras.layers.Layer):
        if id(holder) in seen:
            return
        seen.add(id(holder))
        of_children = {id(variable) for child in _children(holder) for variable in child.variables}
        for variable in holder.variables:
            if id(variable) not in of_children:
                # Keras 2: "network/conv2d/kernel:0"; Keras 3: "kernel".
                named[f"{path}{variable.name.split('/')[-1].split(':')[0]}"] = variable
        entries = [(name, value) for name, value in vars(holder).items() if not name.startswith("_")]
    elif isinstance(holder, dict):
        entries = list(holder.items())
    else:
        entries = list(enumerate(holder))
    for name, value in entries:
        if isinstance(value, (tf.keras.layers.Layer, list, tuple, dict)):
            _collect(value, f"{path}{name}/", named, seen)


def _children(layer):
    public = [value for name, value in vars(layer).items() if not name.startswith("_")]
    return [value for value in tf.nest.flatten(public) if isinstance(value, tf.keras.layers.Layer)]
