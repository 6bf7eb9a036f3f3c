"""Progress of a whole run with the time left: a moving line on a terminal, one line per epoch elsewhere."""

from __future__ import annotations

import shutil
import sys
import time

import tensorflow as tf

from dirv_tf.metrics.names import ANNOTATED, REDUCTIONS, VALIDATION_PREFIX

_WIDTH = 24


class Progress(tf.keras.callbacks.Callback):
    """Say how far training or testing is, how good it is, and how long it will still take.

    Parameters
    ----------
    epochs : int
        Epochs of the whole run; 0 when only testing.
    steps : int
        Steps per epoch.
    first_epoch : int
        Epochs done before this training.
    test_steps : int
        Steps of a test; used when only testing.
    stream : text stream or None
        Where to write; standard output by default.
    seconds_between : float
        How often the moving line is drawn.
    stages : sequence of str or None
        What is trained, by epoch of the whole run.
    seconds : sequence of float or None
        What an epoch is expected to take, by epoch of the whole run: the time left follows their proportions. By
        default all take equally long.
    """

    def __init__(
        self,
        epochs=0,
        steps=0,
        first_epoch=0,
        test_steps=0,
        stream=None,
        seconds_between=0.3,
        stages=None,
        seconds=None,
    ):
        super().__init__()
        self.stages = stages
        self.seconds = [1.0] * epochs if seconds is None else seconds
        self.epochs, self.steps, self.first_epoch, self.test_steps = epochs, steps, first_epoch, test_steps
        self.stream = stream or sys.stdout
        self.seconds_between = seconds_between
        self._moving = self.stream.isatty()
        self._begun = self._drawn = time.monotonic()
        self._epoch, self._trains = first_epoch, False

    def on_train_begin(self, logs=None):
        """Start the clock, with the first of several stages."""
        if not self._trains:
            self._begun, self._trains = time.monotonic(), True

    def on_epoch_begin(self, epoch, logs=None):
        """Remember the epoch."""
        self._epoch = epoch

    def on_train_batch_end(self, batch, logs=None):
        """Draw the moving line."""
        # Keras 3 counts the last of several steps at once in full, also where there are fewer left.
        share = min((batch + 1) / self.steps, 1.0)
        done = sum(self.seconds[self.first_epoch : self._epoch]) + share * self.seconds[self._epoch]
        text = f"{self._where(self._epoch)} step {batch + 1}/{self.steps}  {_metrics(logs)}"
        self._draw(done, sum(self.seconds[self.first_epoch :]), text)

    def on_epoch_end(self, epoch, logs=None):
        """Say the epoch's metrics in a line that stays."""
        done = sum(self.seconds[self.first_epoch : epoch + 1])
        elapsed = time.monotonic() - self._begun
        left = elapsed / done * sum(self.seconds[epoch + 1 :])
        line = f"{self._where(epoch)}  {_metrics(logs)}"
        self._say(f"{line}  {duration(elapsed)} gone, {duration(left)} left")

    def on_test_begin(self, logs=None):
        """Start the clock of a test."""
        if not self.epochs:
            self._begun = time.monotonic()

    def on_test_batch_end(self, batch, logs=None):
        """Draw the moving line of a test."""
        if not self.epochs:
            self._draw(batch + 1, self.test_steps, f"test step {batch + 1}/{self.test_steps}  {_metrics(logs)}")

    def on_test_end(self, logs=None):
        """Say the end of a test."""
        if not self.epochs:
            self._say(f"tested in {duration(time.monotonic() - self._begun)}")

    def _where(self, epoch):
        stage = f" ({self.stages[epoch]})" if self.stages else ""
        return f"epoch {epoch + 1}/{self.epochs}{stage}"

    def _draw(self, done, total, text):
        now = time.monotonic()
        done = min(done, total)
        if not self._moving or now - self._drawn < self.seconds_between:
            return
        self._drawn = now
        filled = int(_WIDTH * done / total) if total else 0
        left = (now - self._begun) / done * (total - done)
        bar = "#" * filled + "." * (_WIDTH - filled)
        # A line that wraps cannot be drawn over.
        line = f"[{bar}] {duration(left)} left  {text}"[: shutil.get_terminal_size().columns - 1]
        self.stream.write(f"\r{line}\x1b[K")
        self.stream.flush()

    def _say(self, line):
        self.stream.write(f"\r{line}\x1b[K\n" if self._moving else f"{line}\n")
        self.stream.flush()


def duration(seconds):
    """Return a time span in words: "48 s", "3 min 20 s", "2 h 05 min".

    Parameters
    ----------
    seconds : float

    Returns
    -------
    str
    """
    seconds = round(seconds)
    if seconds < 60:
        return f"{seconds} s"
    minutes, seconds = divmod(seconds, 60)
    if minutes < 60:
        return f"{minutes} min {seconds:02d} s"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02d} min"


def annotated_texts(measured, prefix=""):
    """Say the metrics of what is drawn on the images, before and after: "Dice 0.484 → 0.712".

    Parameters
    ----------
    measured : mapping of str to number
        Metrics by key.
    prefix : str
        Before the keys.

    Returns
    -------
    list of str
    """
    return [
        f"{metric.label} {float(measured[prefix + metric.before]):.3f} → "
        f"{float(measured[prefix + metric.key]):.3f} {metric.unit}".rstrip()
        for metric in ANNOTATED
        if prefix + metric.key in measured
    ]


def _metrics(logs):
    logs = logs or {}
    parts = [f"loss {float(logs['loss']):.4f}"] if "loss" in logs else []
    # Of real pairs nobody knows the displacements.
    reductions = [metric for metric in REDUCTIONS if metric.key in logs]
    for prefix, name in (("", "/".join(metric.label for metric in reductions)), (VALIDATION_PREFIX, "unseen")):
        values = [f"{float(logs[prefix + each.key]):.1f}" for each in reductions if prefix + each.key in logs]
        if values:
            parts.append(f"{name} {' / '.join(values)} %")
        drawn = annotated_texts(logs, prefix)
        if drawn:
            parts.append(f"{'unseen ' if prefix else ''}{', '.join(drawn)}")
    return "  ".join(parts)
