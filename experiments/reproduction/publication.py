"""A finished run taken into a checkout: its records beside the others, its weights into the package."""

from __future__ import annotations

import contextlib
import json
import os
import shutil

from dirv_tf.io.atomic_write import write_json, write_text
from dirv_tf.models.weight_files import ARRAYS_NAME, CARD_NAME, WeightFileError, load_weights_file, read_card
from dirv_tf.registration import measure_noise_floor
from dirv_tf.training.config.config_loading import load_run
from dirv_tf.training.config.yaml_text import format_yaml
from dirv_tf.training.execution.building import build_model
from dirv_tf.training.execution.run_folder import RunFolder
from dirv_tf.training.execution.weights_card import weights_card
from dirv_tf.validation import ConfigError
from experiments.folders import CHECKOUT
from experiments.reproduction.finished_run import FinishedRun, find_run, repeat_test
from experiments.reproduction.portable_paths import portable_files, portable_settings
from experiments.reproduction.record_comparison import TOLERANCE, largest_difference


def publish(path, name=None, overwrite=False, checkout=CHECKOUT, say=print):
    """Check a finished run and copy its records and weights into a checkout.

    Parameters
    ----------
    path : str or Path
        The run's own folder, with its weights.
    name : str, optional
        Default: the run's name and preset.
    overwrite : bool
        Whether what was published under this name before is replaced.
    checkout : Path
        Where `experiments` and `dirv_tf` lie, and the images of a run that has any.
    say : callable
        Says a line of text.

    Returns
    -------
    pair of Path
        The folders of the records and of the weights.

    Raises
    ------
    ConfigError
        When there is no finished run in the folder, its images are not in the checkout, or the name is taken.
    WeightFileError
        When weights, card and records do not belong together.
    """
    run = find_run(path, weights=path, records=os.devnull)
    name = name or "-".join(filter(None, (run.config.name, run.config.preset)))
    records, weights = checkout / "experiments" / "results" / name, checkout / "dirv_tf" / "weights" / name
    for folder in (records, weights):
        if folder.exists() and not overwrite:
            raise ConfigError(f"Expected a free name (or --overwrite). Received: name={name}, taken by {folder}")
    card = _checked_card(run)
    with _new_folder(weights) as new_weights, _new_folder(records) as new_records:
        shutil.copy(run.weights / ARRAYS_NAME, new_weights)
        write_json(new_weights / CARD_NAME, card)
        write_json(new_weights / CARD_NAME, with_noise_floor(card, new_weights))
        _write_records(run, new_records, checkout)
        # Tested as it will lie there, with the images of the checkout.
        config = load_run(new_records / "config.yaml")
        _check_metrics(FinishedRun(name, config, RunFolder(new_records), new_weights), say)
    return records, weights


def with_noise_floor(card, weights):
    """Return a card with the noise floor of the network whose weights lie in a folder; one that judges has none."""
    network = load_weights_file(weights)
    if network.task != "registration":
        return card
    entries = {key: value for key, value in card.items() if key != "noise_floor"}
    return {**entries, "noise_floor": measure_noise_floor(network)}


def _checked_card(run):
    """The card that a run of today would write: older ones lack what has come since, which the test then confirms."""
    card, record = read_card(run.weights), run.folder.read_record()
    # Test metrics can lie beside the record of a second process that was stopped in the same folder.
    if record["state"] != "finished":
        raise ConfigError(
            f"Expected a finished run by its record {run.folder.record}. Received: state={record['state']!r}"
        )
    tested = json.loads(run.folder.metrics_json.read_text(encoding="utf-8"))
    if (card.get("run"), card.get("preset"), card.get("metrics")) != (
        run.config.name, run.config.preset, tested["test"]
    ):
        raise WeightFileError(
            f"Expected a card with the name and the metrics of the run in {run.folder.path}. Received: the card of run "
            f"{card.get('run')}, preset {card.get('preset')}, ΔL_dis {card.get('metrics', {}).get('dl_dis')}"
        )
    arguments = {**json.loads(json.dumps(build_model(run.config).architecture())), **card["model"]}
    fixed = {**{key: card[key] for key in ("format", "network", "parameters", "sha256")}, "model": arguments}
    found = {key: record[key] for key in ("versions", "hardware")}
    settings = weights_card(run.config, tested["test"], tested.get("reference"), found)
    return {**fixed, **settings, "date": record["ended"][:10]}


def _check_metrics(run, say):
    measured, count, _ = repeat_test(run, run.config.evaluation.validation_images or None)
    name, difference = largest_difference(measured, run.recorded(count))
    say(f"{count:,} pairs tested again: largest difference to the record {difference:.3f} points ({name}).")
    if difference > TOLERANCE:
        raise WeightFileError(
            f"Expected weights that give the recorded metrics again, within {TOLERANCE} points. "
            f"Received: {name}={measured[name]:.3f} instead of {run.recorded(count)[name]:.3f}, path={run.weights}"
        )


def _write_records(run, folder, checkout):
    for file in (run.folder.history, run.folder.metrics_csv, run.folder.metrics_json):
        shutil.copy(file, folder)
    settings = portable_settings(run.config, checkout, folder)
    write_text(folder / "config.yaml", f"# Everything this run used.\n{format_yaml(settings)}")
    record = run.folder.read_record()
    if "files" in record:
        record["files"] = portable_files(record["files"], checkout, folder)
    write_json(folder / "run.json", record)


@contextlib.contextmanager
def _new_folder(path):
    """Give an empty folder that takes its place, whole, when the block ends well."""
    temporary = path.with_name(f".{path.name}-new")
    shutil.rmtree(temporary, ignore_errors=True)
    temporary.mkdir(parents=True)
    try:
        yield temporary
        if path.exists():
            shutil.rmtree(path)
        temporary.rename(path)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
