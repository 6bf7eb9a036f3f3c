"""Writes a checkpoint after every epoch."""

from __future__ import annotations

from pathlib import Path

import tensorflow as tf

from dirv_tf.training.execution.training_state import save_checkpoint


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

    def on_epoch_end(self, epoch, logs=None):
        """Writes the state."""
        save_checkpoint(self.path, self.model, epoch + 1)
