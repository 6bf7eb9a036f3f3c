"""Names of a model's variables that no version of Keras changes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import tensorflow as tf

if TYPE_CHECKING:
    from dirv_tf.models.registration_network import RegistrationNetwork


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


def complete_variables(model: RegistrationNetwork) -> dict[str, tf.Variable]:
    """Return the variables that a network names, once it is sure that none is lost which it learns.

    Parameters
    ----------
    model : RegistrationNetwork

    Returns
    -------
    dict of str to tf.Variable
        What `named_variables` returns.

    Raises
    ------
    ValueError
        If a trainable variable is not among them, as that of a unit with further layers: written and read again, it
        would be untrained.
    """
    variables = model.named_variables()
    found = {id(variable) for variable in variables.values()}
    lost = [variable.name for variable in model.trainable_variables if id(variable) not in found]
    if lost:
        raise ValueError(
            "Expected `named_variables` to name all that a network learns. "
            f"Received: a {type(model).__name__} that leaves out {len(lost)} variables, such as {lost[0]}"
        )
    return variables


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
