"""Trained weights on the test pairs of any configuration, recorded like the test of a run."""

from __future__ import annotations

import datetime
import time

from dirv_tf.losses import DisplacementLoss
from dirv_tf.metrics import RegistrationErrors
from dirv_tf.training.execution.building import testing_pairs
from dirv_tf.training.execution.environment import hardware, versions
from dirv_tf.training.execution.progress import Progress
from dirv_tf.training.execution.results import test_row, write_results


def record_test(model, weights_of, config, run):
    """Test a network and write configuration, record and metrics into a folder.

    Parameters
    ----------
    model : DIRVNet
        Trained; only the pairs of the configuration are used, not its network.
    weights_of : str
        The name of the run that the weights are of.
    config : RunConfig
        With pairs whose true fields are known.
    run : RunFolder

    Returns
    -------
    measured : dict
        Test metrics by name.
    count : int
        Number of pairs.
    """
    begun = time.monotonic()
    pairs = testing_pairs(config)
    model.compile(loss=DisplacementLoss(), metrics=[RegistrationErrors(model.levels)])
    callbacks = [Progress(test_steps=pairs.steps_per_epoch)]
    measured = model.evaluate(pairs.evaluation(), return_dict=True, callbacks=callbacks, verbose=0)
    measured = {name: float(value) for name, value in measured.items()}
    seconds = round(time.monotonic() - begun, 1)
    run.write_config(config)
    run.write_record(
        run=config.name,
        preset=config.preset,
        weights_of=weights_of,
        seeds=config.as_mapping()["seeds"],
        parameters=model.count_params(),
        versions=versions(),
        hardware=hardware(),
        state="finished",
        ended=datetime.datetime.now().astimezone().isoformat(timespec="seconds"),
        seconds=seconds,
    )
    row = {**test_row(config, pairs.count, measured, None, seconds), "parameters": model.count_params()}
    write_results(run, row, measured, None)
    return measured, pairs.count
