"""One member of a study: its run carried out, gone on with, or found finished."""

from __future__ import annotations

import datetime
import functools
import json
import time

from dirv_tf.losses import DisplacementLoss
from dirv_tf.metrics import RegistrationErrors
from dirv_tf.models.weight_files import load_weights_file
from dirv_tf.training.building import build_model, testing_pairs
from dirv_tf.training.config_sections import ConfigError
from dirv_tf.training.environment import hardware, versions
from dirv_tf.training.progress import Progress
from dirv_tf.training.results import test_row, write_results
from dirv_tf.training.run import execute
from dirv_tf.training.run_folder import RunFolder
from dirv_tf.training.yaml_text import parse_yaml
from experiments.ablations.deviations import deviating_network

_FIGURES = ("dl_int", "dl_dis", "dl_int_finest", "dl_dis_finest")


def carry_out(member, scale, folder, overrides=None, report=print):
    """Train and test a member, unless its folder holds the finished run already.

    Parameters
    ----------
    member : Member
    scale : str
        A key of `SCALES`.
    folder : Path
        Holds one folder per member; a member with `weights_of` finds that one there, finished.
    overrides : dict or None
        Further settings by dotted keys.
    report : callable
        Says a line of text.

    Returns
    -------
    dict
        The member's row: name, what, figures in percent, seconds, steps, record.

    Raises
    ------
    ConfigError
        When the folder holds a run of other settings, or weights are missing.
    """
    run = RunFolder(folder / member.name)
    config = member.config(scale, overrides)
    if run.config.is_file():
        _check_same(run, member, config)
    if run.metrics_json.is_file():
        report(f"{member.name}: finished before, in {run.path}")
    elif member.weights_of:
        _test_weights(member, config, folder, run, report)
    else:
        network = deviating_network(member.deviations) if member.deviations else None
        build = functools.partial(build_model, network=network) if network else build_model
        execute(config, run, tensorboard=False, report=report, build=build)
    if not member.weights_of:
        run.write_record(deviations=list(member.deviations))
    return _row(member, run)


def _row(member, run):
    figures = json.loads(run.metrics_json.read_text(encoding="utf-8"))["test"]
    record = run.read_record()
    row = {"name": member.name, "what": member.what, **{key: round(figures[key], 2) for key in _FIGURES}}
    config = parse_yaml(run.config.read_text(encoding="utf-8"))
    steps = 0
    if not member.weights_of:
        training = config["training"]
        steps = training["epochs"] * -(-config["data"]["train_images"] // training["batch_size"])
    row.update(seconds=record["seconds"], steps=steps, parameters=record["parameters"])
    return {**row, "record": f"members/{member.name}"}


def _check_same(run, member, config):
    found = parse_yaml(run.config.read_text(encoding="utf-8"))
    expected = config.as_mapping()
    # The text about a run may be improved without doing it again.
    found, expected = ({k: v for k, v in each.items() if k != "description"} for each in (found, expected))
    deviations = run.read_record().get("deviations", list(member.deviations))
    if found != expected or deviations != list(member.deviations):
        raise ConfigError(
            f"Expected in this folder a run of '{member.name}' with the settings asked for, or none: give another "
            f"--output, or remove it. Received: {run.path}"
        )


def _test_weights(member, config, folder, run, report):
    source = folder / member.weights_of
    if not (source / "metrics.json").is_file():
        raise ConfigError(f"Expected the finished run whose weights are to be tested. Received: {source}")
    report(f"{member.name}: testing the weights of {member.weights_of}")
    begun = time.monotonic()
    figures, parameters, count = evaluate_weights(source, config)
    seconds = time.monotonic() - begun
    run.write_config(config)
    run.write_record(
        run=member.name, preset=config.preset, weights_of=member.weights_of, seeds=config.as_mapping()["seeds"],
        parameters=parameters, versions=versions(), hardware=hardware(), state="finished", seconds=round(seconds, 1),
        ended=datetime.datetime.now().astimezone().isoformat(timespec="seconds"),
    )
    row = {**test_row(config, count, figures, None, seconds), "parameters": parameters}
    write_results(run, row, figures, None)


def evaluate_weights(source, config):
    """Test trained weights on the test pairs of any configuration.

    Parameters
    ----------
    source : str or Path
        The folder of a finished run, or its weights.
    config : RunConfig
        Only its pairs are used, not its network.

    Returns
    -------
    figures : dict
        Test figures by name.
    parameters : int
    count : int
        Number of pairs.
    """
    model = load_weights_file(source)
    levels = len(model.pyramid_levels)
    model.compile(loss=DisplacementLoss(), metrics=[RegistrationErrors(levels)])
    pairs = testing_pairs(config)
    callbacks = [Progress(test_steps=pairs.steps_per_epoch)]
    figures = model.evaluate(pairs.evaluation(), return_dict=True, callbacks=callbacks, verbose=0)
    return {name: float(value) for name, value in figures.items()}, model.count_params(), pairs.count
