"""One member of a study: its run carried out, gone on with, or found finished."""

from __future__ import annotations

import functools
import json

from dirv_tf.metrics.names import FINEST, REDUCTIONS
from dirv_tf.models.weight_files import load_weights_file, read_card
from dirv_tf.training.config.config_loading import load_run
from dirv_tf.training.config.yaml_text import parse_yaml
from dirv_tf.training.execution.building import build_model
from dirv_tf.training.execution.run import execute
from dirv_tf.training.execution.run_folder import RunFolder
from dirv_tf.validation import ConfigError
from experiments.studies.deviations import deviating_network
from experiments.studies.foreign_weights import record_test

_METRICS = tuple(metric.key + suffix for suffix in ("", FINEST) for metric in REDUCTIONS)


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
        The member's row: name, what, metrics in percent, seconds, steps, record.

    Raises
    ------
    ConfigError
        When the folder holds a run of other settings, or weights are missing.
    """
    run = RunFolder(folder / member.name)
    config = member.config(scale, {**_start(member, folder), **(overrides or {})})
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
        # Of the network that was trained: a deviation may have parameters that the configuration does not know of.
        run.write_record(parameters=read_card(run.path)["parameters"])
    if not member.weights_of:
        run.write_record(deviations=list(member.deviations))
    return _row(member, run)


def _start(member, folder):
    """Return the setting that lets a training go on from another member's weights."""
    if member.starts_from is None:
        return {}
    weights = RunFolder(folder / member.starts_from).path / "weights.npz"
    if not weights.is_file():
        raise ConfigError(f"Expected the finished run of '{member.starts_from}' first. Received: {weights.parent}")
    return {"training.start_from": str(weights)}


def _row(member, run):
    measured = json.loads(run.metrics_json.read_text(encoding="utf-8"))["test"]
    record = run.read_record()
    row = {"name": member.name, "what": member.what, **{key: round(measured[key], 2) for key in _METRICS}}
    config = parse_yaml(run.config.read_text(encoding="utf-8"))
    steps = None
    if not member.weights_of:
        training = config["training"]
        steps = training["epochs"] * -(-config["data"]["train_images"] // training["batch_size"])
    row.update(seconds=record["seconds"], steps=steps, parameters=record["parameters"])
    # A study grows over days and machines.
    row.update(date=(record.get("started") or record["ended"])[:10], hardware=record["hardware"])
    related = {key: value for key, value in (("of", member.of), ("against", member.against)) if value is not None}
    return {**row, "record": f"members/{member.name}", **related}


def _check_same(run, member, config):
    # Read as a configuration: a run made before a setting existed has that setting's default.
    found, expected = load_run(run.config).as_mapping(), config.as_mapping()
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
    record_test(load_weights_file(source), member.weights_of, config, run)
