"""Oracles shared by the tests."""

import gc
import signal

import numpy as np
import pytest
import tensorflow as tf

# What TensorFlow's import has made stays to the end: the garbage collector, which took a tenth of the time, need not
# look through it again and again.
gc.collect()
gc.freeze()
gc.set_threshold(50_000, 20, 20)


@pytest.fixture
def rng():
    return np.random.default_rng(7)


@pytest.fixture
def untraced():
    """Functions run as they are written: tracing and compiling takes longer than a few calls on small arrays."""
    tf.config.run_functions_eagerly(True)
    yield
    tf.config.run_functions_eagerly(False)


@pytest.fixture
def as_written():
    """Call one function as `untraced` does: what a graph is compared with need not be traced and compiled itself."""

    def call(function, *arguments):
        tf.config.run_functions_eagerly(True)
        try:
            return function(*arguments)
        finally:
            tf.config.run_functions_eagerly(False)

    return call


@pytest.fixture
def check_gradients(rng):
    """Compare the gradient of a function in each argument with central differences in float64."""

    def check(function, *arguments, step=1e-6, tolerance=1e-6, directions=3):
        arguments = [tf.constant(np.asarray(argument, np.float64)) for argument in arguments]
        upstream = rng.normal(size=function(*arguments).shape)

        def value(*values):
            return float(np.sum(function(*values).numpy() * upstream))

        with tf.GradientTape() as tape:
            tape.watch(arguments)
            result = function(*arguments)
        gradients = tape.gradient(result, arguments, output_gradients=tf.constant(upstream))
        for index, (argument, gradient) in enumerate(zip(arguments, gradients)):
            for _ in range(directions):
                direction = rng.normal(size=argument.shape)
                ahead, behind = list(arguments), list(arguments)
                ahead[index], behind[index] = argument + step * direction, argument - step * direction
                difference = (value(*ahead) - value(*behind)) / (2 * step)
                expected = float(np.sum(gradient.numpy() * direction))
                assert difference == pytest.approx(expected, rel=tolerance, abs=tolerance), f"argument {index}"

    return check


@pytest.fixture
def usual_signals():
    """Ctrl-C as a terminal has it: a shell lets its background jobs, and so tests that are run there, ignore it."""
    former = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, former)
