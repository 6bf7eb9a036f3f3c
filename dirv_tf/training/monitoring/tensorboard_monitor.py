"""The Keras callback that writes a training's scalars, pictures and configuration for TensorBoard."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import tensorflow as tf

from dirv_tf.models.registration_network import RegistrationNetwork
from dirv_tf.training.monitoring.frozen_batch import frozen_batch as checked_batch
from dirv_tf.training.monitoring.pictures import pair_pictures
from dirv_tf.training.monitoring.run_text import configuration_table
from dirv_tf.training.monitoring.scalars import split_logs

# Statistics of the filter responses converge with few pairs; a large batch would only cost time and memory.
_MEASURED_PAIRS = 16


class TensorBoardMonitor(tf.keras.callbacks.Callback):
    """Write what happens in a training for TensorBoard.

    Scalars after every epoch: all logged losses and metrics, the learning rate, seconds per epoch, and what the
    network's own observer measures (of a `DIRVNet`: the absolute step size of every unit and the share of filter
    responses outside the knot range). Pictures on the frozen batch, before the first epoch, after every
    `pictures_every` epochs and at the end: the pairs and their differences (thesis Figs. 9 and 10), true and predicted
    flow field, the field after every unit or stage (Fig. 12), and what the observer draws (of a `DIRVNet`: potentials
    and kernels, Fig. 7). Steps count finished epochs. Of a network whose stages are trained one after the other, the
    curves go on from stage to stage; a text and a scalar say which one is trained.

    As Keras's own callback does, it writes into the folders ``train`` and ``validation`` of `log_dir`; test results go
    to ``test``. A value has the same name in all of them, so TensorBoard draws them into one chart.

    Parameters
    ----------
    log_dir : str or Path
        Folder of the run's event files, such as ``<run>/tensorboard``; created when missing.
    frozen_batch : tuple
        One dataset element ``((fixed, moving), flow_field)`` or ``((fixed, moving),)``.
    run_config : None, mapping or dataclass instance
        Configuration, shown as a table on the text page.
    pictures_every : int
        Epochs between pictures; 0 draws none.
    samples : int
        Pairs of the frozen batch that are drawn.

    Raises
    ------
    ValueError
        If the batch has another structure or a number is out of range.
    TypeError
        If `run_config` is of another type; at the start of the training, if the model is no RegistrationNetwork.

    Examples
    --------
    >>> monitor = TensorBoardMonitor("runs/A-6/tensorboard", pairs.frozen_batch())  # doctest: +SKIP
    >>> model.fit(pairs.training(epochs=25), epochs=25, callbacks=[monitor])  # doctest: +SKIP
    """

    def __init__(self, log_dir, frozen_batch, run_config=None, pictures_every=1, samples=2):
        super().__init__()
        for name, value, least in (("pictures_every", pictures_every, 0), ("samples", samples, 1)):
            if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < least:
                raise ValueError(f"`{name}` must be an integer of at least {least}. Received: {name}={value!r}")
        self.log_dir = Path(log_dir)
        self.pictures_every = int(pictures_every)
        self._measured = checked_batch(frozen_batch).first(max(samples, _MEASURED_PAIRS))
        self._drawn = self._measured.first(samples)
        self._table = None if run_config is None else configuration_table(run_config)
        self._writers = {}
        self._epoch_start = None
        self._finished = None
        self._pictured = None
        self._stage = None

    def on_train_begin(self, logs=None):
        if not isinstance(self.model, RegistrationNetwork):
            raise TypeError(
                f"TensorBoardMonitor expects a RegistrationNetwork. Received: model of type {type(self.model).__name__}"
            )
        if self._table is not None:
            with self._writer("train").as_default():
                tf.summary.text("configuration", self._table, step=0)
            # Once, also where a training begins anew with every stage.
            self._table = None

    def on_epoch_begin(self, epoch, logs=None):
        if len(self.model.stages) > 1 and self.model.stage != self._stage:
            self._stage = self.model.stage
            with self._writer("train").as_default():
                tf.summary.text("stage", f"From epoch {epoch + 1} on: {self._stage or 'all'}", step=epoch)
        if epoch == 0:
            self._write_observation(0, pictures=self.pictures_every > 0)
        self._epoch_start = time.perf_counter()

    def on_epoch_end(self, epoch, logs=None):
        seconds = time.perf_counter() - self._epoch_start
        self._finished = epoch + 1
        training, validation = split_logs(logs or {})
        training["8 training/learning rate"] = float(tf.convert_to_tensor(self.model.optimizer.learning_rate))
        training["8 training/seconds per epoch"] = seconds
        if self._stage is not None:
            training["8 training/stage"] = float(self.model.stages.index(self._stage))
        self._write_scalars("train", training, self._finished)
        if validation:
            self._write_scalars("validation", validation, self._finished)
        pictures = self.pictures_every > 0 and self._finished % self.pictures_every == 0
        self._write_observation(self._finished, pictures)

    def on_train_end(self, logs=None):
        if self.pictures_every > 0 and self._finished not in (None, self._pictured):
            self._write_observation(self._finished, pictures=True)
        for writer in self._writers.values():
            writer.close()
        self._writers = {}

    def write_test(self, results, epoch):
        """Write the results of an evaluation on unseen pairs into the folder ``test``.

        Parameters
        ----------
        results : mapping of str to float
            From ``model.evaluate(..., return_dict=True)``.
        epoch : int
            Epochs that the evaluated model was trained.
        """
        self._write_scalars("test", split_logs(results)[0], epoch)
        self._writers.pop("test").close()

    def _write_observation(self, step, pictures):
        # Run eagerly: once per epoch, tracing and compiling would take longer than all calls of a training.
        pair = self._measured.inputs
        outputs = self.model.completed(pair, self.model(pair, training=False))
        observer = self.model.observer()
        self._write_scalars("train", observer.scalars(self._measured, outputs), step)
        if pictures:
            self._pictured = step
            with self._writer("train").as_default(step):
                of_pairs = pair_pictures(self._drawn, outputs, self.model.spacing, step)
                for tag, picture in (*of_pairs, *observer.pictures(outputs, step)):
                    tf.summary.image(tag, picture[None])
        self._writer("train").flush()

    def _write_scalars(self, run, values, step):
        writer = self._writer(run)
        with writer.as_default(step):
            for tag, value in values.items():
                tf.summary.scalar(tag, value)
        writer.flush()

    def _writer(self, run):
        if run not in self._writers:
            self._writers[run] = tf.summary.create_file_writer(str(self.log_dir / run))
        return self._writers[run]
