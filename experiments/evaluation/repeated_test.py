"""A run's test, carried out again with its weights."""

from __future__ import annotations

import time

from dirv_tf.training.execution.building import compile_model, testing_pairs
from dirv_tf.training.execution.progress import Progress
from experiments.evaluation.finished_run import load_network


def repeat_test(run, pairs=None, progress=True):
    """Test a run's network on the run's own test pairs.

    Parameters
    ----------
    run : FinishedRun
    pairs : int, optional
        Only so many of the pairs, the first ones; default: all.
    progress : bool
        Whether to show how far the test is.

    Returns
    -------
    tuple of (dict, int, float)
        Figures by name, the number of pairs, and seconds.

    Raises
    ------
    ConfigError
        When the images of the run are not there.
    WeightFileError
        When the weights are damaged or those of another network.
    """
    network = load_network(run)
    testing = testing_pairs(run.config)
    testing = testing if pairs is None else testing.first(pairs)
    compile_model(network, run.config, steps=1)
    callbacks = [Progress(test_steps=testing.steps_per_epoch)] if progress else []
    begun = time.monotonic()
    figures = network.evaluate(testing.evaluation(), return_dict=True, callbacks=callbacks, verbose=0)
    seconds = time.monotonic() - begun
    return {name: float(value) for name, value in figures.items()}, testing.count, seconds
