"""Measures a few steps before a run, so that its total time can be said before it starts."""

from __future__ import annotations

import statistics
import time
from typing import NamedTuple

import tensorflow as tf

from dirv_tf.training.training_state import put_state, take_state


class StepSeconds(NamedTuple):
    """Seconds of one training step and of one test step, without the first, which compiles."""

    training: float
    testing: float


def measure_steps(model, training, testing, callbacks=(), steps=6, seconds=60.0):
    """Runs some real steps and takes everything back, so that the run after it is the same as without.

    Parameters
    ----------
    model : DIRVNet
        Compiled, with a built optimizer.
    training, testing : dirv_tf.datasets.PairBatches
        Pairs to train and to test on.
    callbacks : sequence of tf.keras.callbacks.Callback
        Called during the steps, such as one that ends them.
    steps : int
        How many steps of each kind at most, the first not counted.
    seconds : float
        When to stop measuring earlier, after at least one counted step.

    Returns
    -------
    StepSeconds
    """
    state = take_state(model)
    clock = _StepClock(seconds)
    available = min(steps + 1, training.steps_per_epoch)
    model.fit(training.training(1).take(available), epochs=1, shuffle=False, verbose=0, callbacks=[clock, *callbacks])
    trained = clock.median()
    clock = _StepClock(seconds)
    model.evaluate(testing.evaluation().take(steps + 1), verbose=0, callbacks=[clock, *callbacks])
    put_state(model, state)
    return StepSeconds(trained, clock.median())



class _StepClock(tf.keras.callbacks.Callback):
    def __init__(self, seconds):
        super().__init__()
        self.ends = [time.monotonic()]
        self.seconds = seconds

    def on_train_batch_end(self, batch, logs=None):
        self._tick()

    def on_test_batch_end(self, batch, logs=None):
        self._tick()

    def median(self):
        spans = [end - begin for begin, end in zip(self.ends, self.ends[1:])]
        return statistics.median(spans[1:] or spans)

    def _tick(self):
        self.ends.append(time.monotonic())
        self.model.stop_training = len(self.ends) > 2 and self.ends[-1] - self.ends[0] > self.seconds
