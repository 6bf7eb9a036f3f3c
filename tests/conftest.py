"""Oracles shared by the tests."""

import contextlib
import gc
import signal
import warnings
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

# What TensorFlow's import has made stays to the end: the garbage collector, which took a tenth of the time, need not
# look through it again and again.
gc.collect()
gc.freeze()
gc.set_threshold(50_000, 20, 20)


# Files that take half a minute and more, the longest first. Processes that share the tests take file by file: were one
# of these the last, the others would wait for it.
_LONG = (
    "models/test_conformance.py",
    "test_docs.py",
    "training/execution/test_distributed_run.py",
    "experiments/benchmark/test_run.py",
    "test_installed.py",
    "models/test_dirv_net.py",
    "registration/networks/test_shipped_weights.py",
    "registration/networks/test_inference.py",
    "training/execution/test_run.py",
    "registration/test_register_pairs.py",
    "training/monitoring/test_tensorboard_monitor.py",
)


def pytest_collection_modifyitems(items):
    places = {str(Path(__file__).parent / name): place for place, name in enumerate(_LONG)}
    items.sort(key=lambda item: places.get(str(item.path), len(places)))


@pytest.fixture
def rng():
    return np.random.default_rng(7)


@contextlib.contextmanager
def _functions_as_they_are_written():
    before = tf.config.functions_run_eagerly()
    tf.config.run_functions_eagerly(True)
    try:
        with warnings.catch_warnings():
            # Data sets are traced even so, and TensorFlow says it.
            warnings.filterwarnings("ignore", "Even though the `tf.config.experimental_run_functions_eagerly`")
            yield
    finally:
        tf.config.run_functions_eagerly(before)


@pytest.fixture
def untraced():
    """Functions run as they are written: tracing and compiling takes longer than a few calls on small arrays."""
    with _functions_as_they_are_written():
        yield


@pytest.fixture(scope="session")
def without_tracing():
    """Make a context in which functions run as they are written: `untraced` for what a module makes once."""
    return _functions_as_they_are_written


# Traced batches by what makes them: dataset, settings and replicas.
_TRACED_BATCHES = {}


@pytest.fixture(scope="module")
def batches_traced_once():
    """Datasets of the same settings share their traced batches: most runs of these tests are on the same pairs."""
    from dirv_tf.datasets.pair_batches import PairBatches

    own = PairBatches._traced_batch

    def traced_batch(pairs, replicas):
        settings = {name: value for name, value in vars(pairs).items() if name not in ("_traced", "_asked_for_share")}
        # Those of image files are told apart by more than their settings.
        if "_images" in settings or not all(_is_plain(value) for value in settings.values()):
            return own(pairs, replicas)
        key = type(pairs), replicas, repr(sorted(settings.items()))
        if key not in _TRACED_BATCHES:
            # Traced as ever, also for runs whose other functions run as they are written.
            eagerly = tf.config.functions_run_eagerly()
            tf.config.run_functions_eagerly(False)
            with tf.init_scope():
                _TRACED_BATCHES[key] = own(pairs, replicas).get_concrete_function()
            tf.config.run_functions_eagerly(eagerly)
        return _TRACED_BATCHES[key]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(PairBatches, "_traced_batch", traced_batch)
        yield


def _is_plain(value):
    if isinstance(value, (tuple, list)):
        return all(map(_is_plain, value))
    return value is None or isinstance(value, (bool, int, float, str))


@pytest.fixture
def as_written():
    """Call one function as `untraced` does: what a graph is compared with need not be traced and compiled itself."""

    def call(function, *arguments):
        with _functions_as_they_are_written():
            return function(*arguments)

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


def pytest_sessionfinish():
    # While Python ends, TensorFlow can no longer delete them without an error.
    _TRACED_BATCHES.clear()
