"""A finished run taken into a checkout: its records beside the others, its weights into the package."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

from dirv_tf.io.atomic_write import write_json, write_text
from dirv_tf.models.weight_files import ARRAYS_NAME, CARD_NAME, WeightFileError, read_card
from dirv_tf.training.config_sections import ConfigError
from dirv_tf.training.yaml_text import format_yaml
from experiments.evaluation.comparison import TOLERANCE, largest_difference
from experiments.evaluation.finished_run import find_run
from experiments.evaluation.repeated_test import repeat_test

CHECKOUT = Path(__file__).resolve().parents[1]
_ON_THE_CARD = {"run", "preset", "data", "training", "seeds", "evaluation", "metrics", "input", "date", "versions"}


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
        Where `experiments` and `dirv_tf` lie.
    say : callable
        Says a line of text.

    Returns
    -------
    pair of Path
        The folders of the records and of the weights.

    Raises
    ------
    ConfigError
        When there is no finished run in the folder, or the name is taken.
    WeightFileError
        When weights, card and records do not belong together.
    """
    run = find_run(path, weights=path, records=os.devnull)
    name = name or "-".join(filter(None, (run.config.name, run.config.preset)))
    records, weights = checkout / "experiments" / "results" / name, checkout / "dirv_tf" / "weights" / name
    for folder in (records, weights):
        if folder.exists() and not overwrite:
            raise ConfigError(f"Expected a free name (or --overwrite). Received: name={name}, taken by {folder}")
    _check(run, say)
    _place(records, lambda folder: _write_records(run, folder, records))
    _place(weights, lambda folder: [shutil.copy(run.weights / file, folder) for file in (ARRAYS_NAME, CARD_NAME)])
    return records, weights


def _check(run, say):
    card = read_card(run.weights)
    tested = json.loads(run.folder.metrics_json.read_text(encoding="utf-8"))["test"]
    missing = sorted(_ON_THE_CARD - set(card))
    if missing:
        raise WeightFileError(f"Expected a whole card. Received: a card without {', '.join(missing)} in {run.weights}")
    if (card["run"], card["preset"], card["metrics"]) != (run.config.name, run.config.preset, tested):
        raise WeightFileError(
            f"Expected a card with the name and the figures of the run in {run.folder.path}. Received: the card of run "
            f"{card['run']}, preset {card['preset']}, ΔL_dis {card['metrics'].get('dl_dis')}"
        )
    figures, count, _ = repeat_test(run, run.config.evaluation.validation_images or None)
    name, difference = largest_difference(figures, run.recorded(count))
    say(f"{count:,} pairs tested again: largest difference to the record {difference:.3f} points ({name}).")
    if difference > TOLERANCE:
        raise WeightFileError(
            f"Expected weights that give the recorded figures again, within {TOLERANCE} points. "
            f"Received: {name}={figures[name]:.3f} instead of {run.recorded(count)[name]:.3f}, path={run.weights}"
        )


def _write_records(run, folder, final):
    for file in (run.folder.history, run.folder.metrics_csv, run.folder.metrics_json):
        shutil.copy(file, folder)
    settings = run.config.as_mapping()
    # Where the images lay on the disk of the one who ran it means nothing elsewhere.
    sections = [(run.config.data, settings["data"])]
    sections += zip(getattr(run.config.data, "parts", ()), settings["data"].get("parts", ()))
    for kind, section in sections:
        for key in set(kind.paths).intersection(section):
            section[key] = os.path.relpath(section[key], final)
    write_text(folder / "config.yaml", f"# Everything this run used.\n{format_yaml(settings)}")
    record = run.folder.read_record()
    if "files" in record:
        record["files"] = {part: _relative(files, final) for part, files in record["files"].items()}
    write_json(folder / "run.json", record)


def _relative(files, folder):
    if isinstance(files, list):
        return [_relative(each, folder) for each in files]
    return os.path.relpath(files, folder)


def _place(folder, write):
    """Fill a new folder and put it in its place, whole."""
    temporary = folder.with_name(f".{folder.name}-new")
    shutil.rmtree(temporary, ignore_errors=True)
    temporary.mkdir(parents=True)
    try:
        write(temporary)
        if folder.exists():
            shutil.rmtree(folder)
        temporary.rename(folder)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
