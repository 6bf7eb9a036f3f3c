"""Measures a few steps before a run, so that its total time can be said before it starts."""

from __future__ import annotations

import math
import statistics
import time
from typing import NamedTuple

import tensorflow as tf

from dirv_tf.training.execution.checkpoints import put_state, take_state
from dirv_tf.training.execution.distribution import Distribution


class StepSeconds(NamedTuple):
    """Seconds of one training step and of one test step, without the first, which compiles."""

    training: float
    testing: float


def measure_steps(
    model, training, testing, callbacks=(), steps=6, seconds=60.0, steps_per_execution=1, distribution=None
):
    """Run some real steps and take everything back, so that the run after it is the same as without.

    Parameters
    ----------
    model : RegistrationNetwork
        Compiled, with a built optimizer.
    training, testing : dirv_tf.datasets.PairBatches
        Pairs to train and to test on.
    callbacks : sequence of tf.keras.callbacks.Callback
        Called during the steps, such as one that ends them.
    steps : int
        How many executions of each kind at most, the first not counted.
    seconds : float
        When to stop measuring earlier, after at least one counted execution. Several workers, of which each would have
        a clock of its own, do not.
    steps_per_execution : int
        As the network was compiled: how many steps are one execution.
    distribution : Distribution, optional
        The devices and workers that share the work.

    Returns
    -------
    StepSeconds
    """
    distribution = distribution or Distribution()
    seconds = seconds if distribution.workers == 1 else math.inf
    state = take_state(model)
    clock = _StepClock(seconds)
    wanted = (steps + 1) * steps_per_execution
    available = min(wanted, training.steps_per_epoch)
    batches, counted = distribution.counted(distribution.training(training, 1), available)
    model.fit(batches, epochs=1, steps_per_epoch=counted, shuffle=False, verbose=0, callbacks=[clock, *callbacks])
    trained = clock.median()
    clock = _StepClock(seconds)
    available = min(wanted, testing.steps_per_epoch)
    batches, counted = distribution.evaluation(testing, available)
    model.evaluate(batches, steps=counted, verbose=0, callbacks=[clock, *callbacks])
    put_state(model, state)
    return StepSeconds(trained, clock.median())


class _StepClock(tf.keras.callbacks.Callback):
    def __init__(self, seconds):
        super().__init__()
        self.ends, self.steps = [time.monotonic()], [0]
        self.seconds = seconds

    def on_train_batch_end(self, batch, logs=None):
        self._tick(batch)

    def on_test_batch_end(self, batch, logs=None):
        self._tick(batch)

    def median(self):
        executions = zip(self.ends, self.ends[1:], self.steps, self.steps[1:])
        seconds = [(end - begin) / (last - first) for begin, end, first, last in executions]
        return statistics.median(seconds[1:] or seconds)

    def _tick(self, batch):
        self.ends.append(time.monotonic())
        self.steps.append(batch + 1)
        self.model.stop_training = len(self.ends) > 2 and self.ends[-1] - self.ends[0] > self.seconds
