"""The history file: one line per epoch with every logged value, the learning rate and the time."""

from __future__ import annotations

import csv
import time
from pathlib import Path

import tensorflow as tf

from dirv_tf.io.atomic_write import write_csv


class HistoryFile(tf.keras.callbacks.Callback):
    """Writes `history.csv` anew, whole, after every epoch.

    Parameters
    ----------
    path : str or Path
        The CSV file.
    rate : float or tf.keras.optimizers.schedules.LearningRateSchedule
        The learning rate, constant or by step.
    first_epoch : int
        Epochs done before: later lines of an older file are dropped.
    stage : str, optional
        What is trained, for a column of its own.
    """

    def __init__(self, path, rate, first_epoch=0, stage=None):
        super().__init__()
        self.stage = {} if stage is None else {"stage": stage}
        self.path = Path(path)
        self.rate = rate
        self.rows = [row for row in read_history(path) if int(row["epoch"]) <= first_epoch]
        self._begun = time.monotonic()

    def on_epoch_begin(self, epoch, logs=None):
        """Start the clock."""
        self._begun = time.monotonic()

    def on_epoch_end(self, epoch, logs=None):
        """Add a line and write the file."""
        measured = {key: float(value) for key, value in (logs or {}).items()}
        # Asked of the schedule, because Keras 2 and 3 answer for different steps: the last one and the next one.
        rate = self.rate(self.model.optimizer.iterations) if callable(self.rate) else self.rate
        row = {"epoch": epoch + 1, **self.stage, **measured, "learning_rate": float(rate)}
        self.rows.append({**row, "seconds": round(time.monotonic() - self._begun, 3)})
        columns = list(dict.fromkeys(key for row in self.rows for key in row))
        write_csv(self.path, columns, self.rows)


def read_history(path):
    """Read a history file.

    Parameters
    ----------
    path : str or Path
        The CSV file.

    Returns
    -------
    list of dict
        Texts by column; empty when there is no such file.
    """
    if not Path(path).is_file():
        return []
    with open(path, encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))
