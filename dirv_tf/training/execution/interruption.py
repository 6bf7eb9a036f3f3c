"""Ends a training between two steps when it is asked to stop or when its loss is no number any more."""

from __future__ import annotations

import contextlib
import math
import signal
import threading

import tensorflow as tf

from dirv_tf.stop_signals import Terminated


class TrainingInterrupted(Exception):
    """The training was asked to stop (Ctrl-C or SIGTERM); the last checkpoint is whole.

    Parameters
    ----------
    number : int, optional
        Of the signal; default: that of Ctrl-C.
    """

    def __init__(self, number=None):
        super().__init__(*([] if number is None else [number]))
        self.number = number


def stopping_signal(error):
    """Return the number of the signal that stopped a training.

    Parameters
    ----------
    error : TrainingInterrupted or KeyboardInterrupt

    Returns
    -------
    int
    """
    if isinstance(error, TrainingInterrupted):
        return error.number or signal.SIGINT
    return signal.SIGTERM if isinstance(error, Terminated) else signal.SIGINT


class TrainingDiverged(ArithmeticError):
    """The loss became NaN or infinite."""


class StopRequest:
    """Whether someone asked to stop.

    Attributes
    ----------
    requested : bool
    number : int or None
        Of the signal that asked.
    """

    def __init__(self):
        self.requested = False
        self.number = None


@contextlib.contextmanager
def stop_on_signals(report=print):
    """Turn the first Ctrl-C or SIGTERM into a request to stop at the next step; a second one acts at once.

    Parameters
    ----------
    report : callable
        Says a line of text.

    Yields
    ------
    StopRequest
    """
    request = StopRequest()
    if threading.current_thread() is not threading.main_thread():
        yield request
        return
    former = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}

    def ask(number, _frame):
        request.requested, request.number = True, number
        signal.signal(number, former[number])
        report(f"\n{signal.Signals(number).name}: stopping after this step (once more stops at once).")

    try:
        for number in former:
            signal.signal(number, ask)
        yield request
    finally:
        for number, handler in former.items():
            signal.signal(number, handler)


class StepGuard(tf.keras.callbacks.Callback):
    """Looks after every execution, of one step or several (`steps_per_execution`), whether to go on.

    Parameters
    ----------
    request : StopRequest
    """

    def __init__(self, request):
        super().__init__()
        self.request = request
        self._epoch = 0

    def on_epoch_begin(self, epoch, logs=None):
        """Remember the epoch for the error."""
        self._epoch = epoch

    def on_train_batch_end(self, batch, logs=None):
        """Raise TrainingDiverged for a loss that is no number, TrainingInterrupted when a stop was asked for."""
        loss = float((logs or {}).get("loss", 0.0))
        if not math.isfinite(loss):
            raise TrainingDiverged(
                f"The loss became {loss} in epoch {self._epoch + 1}, step {batch + 1}. Expected a finite loss: try a "
                f"smaller learning rate (--set training.learning_rate=…)."
            )
        self._stop_if_asked()

    def on_test_batch_end(self, batch, logs=None):
        """Raise TrainingInterrupted when a stop was asked for."""
        self._stop_if_asked()

    def _stop_if_asked(self):
        if self.request.requested:
            raise TrainingInterrupted(getattr(self.request, "number", None))
