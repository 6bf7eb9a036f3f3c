"""The whole state of a training as plain arrays, weights and optimizer, on Keras 2 and 3 alike; and as a file."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import tensorflow as tf

from dirv_tf.io.array_archives import read_arrays, write_arrays
from dirv_tf.io.atomic_write import atomic_path
from dirv_tf.models.weight_files import complete_variables
from dirv_tf.training.execution.environment import keras_version
from dirv_tf.validation import UnreadableFileError


class CheckpointError(UnreadableFileError):
    """A checkpoint is missing, damaged, or belongs to another network or Keras version."""


def take_state(model):
    """Copy the weights and the optimizer's variables of a compiled network.

    Parameters
    ----------
    model : RegistrationNetwork
        Compiled, with a built optimizer.

    Returns
    -------
    dict
        Arrays by name: "model/<path of the variable>" and "optimizer/<number of the variable>".
    """
    return {name: np.array(variable.numpy()) for name, variable in _variables(model).items()}


def put_state(model, state):
    """Set the weights and the optimizer's variables to a state taken before.

    Parameters
    ----------
    model : RegistrationNetwork
        Compiled, with a built optimizer.
    state : dict
        Arrays from `take_state`.

    Raises
    ------
    CheckpointError
        When names or shapes are not those of this network; nothing is changed then.
    """
    variables = _variables(model)
    expected = {name: tuple(variable.shape) for name, variable in variables.items()}
    received = {name: tuple(array.shape) for name, array in state.items()}
    if expected != received:
        different = sorted(name for name in {*expected, *received} if expected.get(name) != received.get(name))
        raise CheckpointError(
            f"Expected the state of this network and optimizer; {len(different)} arrays differ, first '{different[0]}' "
            f"of shape {expected.get(different[0])}. Received: shape={received.get(different[0])}"
        )
    for name, variable in variables.items():
        variable.assign(state[name])


def save_checkpoint(path, model, epoch):
    """Write the state after an epoch to one file, atomically.

    Parameters
    ----------
    path : str or Path
        The npz file.
    model : RegistrationNetwork
        Compiled.
    epoch : int
        Number of epochs that are done.
    """
    state = take_state(model)
    with atomic_path(path) as temporary:
        write_arrays(temporary, {"epoch": epoch, "keras": _keras_generation(), **state})


def load_checkpoint(path, model):
    """Restore what `save_checkpoint` wrote.

    Parameters
    ----------
    path : str or Path
        The npz file.
    model : RegistrationNetwork
        Compiled, for the stage that its last epoch belonged to.

    Returns
    -------
    int
        Number of epochs that are done.

    Raises
    ------
    CheckpointError
        When the file is missing or damaged, or is not of this network or Keras generation.
    """
    epoch, state = _read(path)
    put_state(model, state)
    return epoch


def finished_epochs(path):
    """Return how many epochs were done when a checkpoint was written; 0 where there is none.

    Parameters
    ----------
    path : str or Path
        The npz file.

    Raises
    ------
    CheckpointError
        When the file is damaged or of another Keras generation.
    """
    return _read(path)[0] if Path(path).is_file() else 0


def _read(path):
    try:
        state = read_arrays(path)
        epoch, generation = int(state.pop("epoch")), int(state.pop("keras"))
    except FileNotFoundError:
        raise CheckpointError(f"Expected a checkpoint file. Received: path={path}") from None
    except Exception as error:
        raise CheckpointError(f"Expected a whole checkpoint file ({error}). Received: path={path}") from None
    if generation != _keras_generation():
        raise CheckpointError(
            f"Expected a checkpoint of Keras {_keras_generation()}: the optimizer's variables differ between Keras "
            f"generations, so a run is resumed with the one that began it. Received: Keras {generation}, path={path}"
        )
    return epoch, state


class CheckpointFile(tf.keras.callbacks.Callback):
    """Writes the state after every epoch over the one before; the file is whole at any time.

    Parameters
    ----------
    path : str or Path
        The npz file.
    """

    def __init__(self, path):
        super().__init__()
        self.path = Path(path)

    def on_train_begin(self, logs=None):
        """Find out before the training, not behind it, whether all of it can be written."""
        complete_variables(self.model)

    def on_epoch_end(self, epoch, logs=None):
        """Write the state."""
        save_checkpoint(self.path, self.model, epoch + 1)


def _variables(model):
    weights = {f"model/{path}": variable for path, variable in model.named_variables().items()}
    optimizer = model.optimizer.variables
    optimizer = optimizer() if callable(optimizer) else optimizer
    return {**weights, **{f"optimizer/{number:04d}": variable for number, variable in enumerate(optimizer)}}


def _keras_generation():
    return int(keras_version().split(".")[0])
