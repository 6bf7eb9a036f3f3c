"""A finished run: its configuration, its records and its weights, and its test carried out again."""

from __future__ import annotations

import json
import re
import time
from pathlib import Path
from typing import NamedTuple

from dirv_tf.models import pretrained
from dirv_tf.models.weight_files import WeightFileError, load_weights_file
from dirv_tf.training.config.config_loading import load_run
from dirv_tf.training.config.run_config import RunConfig
from dirv_tf.training.execution.annotations import annotation_metrics
from dirv_tf.training.execution.building import build_model, compile_model, testing_pairs
from dirv_tf.training.execution.history import read_history
from dirv_tf.training.execution.progress import Progress
from dirv_tf.training.execution.run_folder import RunFolder
from dirv_tf.validation import ConfigError
from experiments.folders import RECORDS


class FinishedRun(NamedTuple):
    """A run that was carried out.

    Attributes
    ----------
    name : str
        Such as "A-6" or "F-1-quick"; of a run's own folder, the name of the folder.
    config : RunConfig
    folder : RunFolder
        Holds the records.
    weights : Path
        Folder of the weights.
    """

    name: str
    config: RunConfig
    folder: RunFolder
    weights: Path

    def recorded(self, count):
        """Return the metrics that the run itself wrote down for its first `count` test pairs.

        Those of all pairs are the run's test; those of the pairs looked at after every epoch stand in the last line of
        its history, and belong to the same weights.

        Parameters
        ----------
        count : int

        Returns
        -------
        dict or None
            Metrics by name; None where the run never tested just these pairs.
        """
        record = json.loads(self.folder.metrics_json.read_text(encoding="utf-8"))
        if count == record["test_images"]:
            return record["test"]
        rows = read_history(self.folder.history)
        if count == self.config.evaluation.validation_images and rows:
            return {key[4:]: float(value) for key, value in rows[-1].items() if key.startswith("val_") and value}
        return None

    def total(self):
        """Return the number of pairs of the run's test."""
        return json.loads(self.folder.metrics_json.read_text(encoding="utf-8"))["test_images"]

    def reference(self):
        """Return what the run was compared with: `source`, `split`, `metrics`; or None."""
        return json.loads(self.folder.metrics_json.read_text(encoding="utf-8")).get("reference")


def find_run(name, weights=None, records=RECORDS):
    """Find a finished run.

    Parameters
    ----------
    name : str or Path
        Of a record in `records` ("A6" means "A-6"), or a run's own folder.
    weights : path, optional
        Folder of the weights. Default: the run's own folder, or the shipped model of the run's name.
    records : path
        Folder of the committed records.

    Returns
    -------
    FinishedRun

    Raises
    ------
    ConfigError
        When there is no such run, or it is not finished, or it has no weights; the message says which there are.
    """
    hyphened = re.sub(r"^([A-Z])(\d)", r"\1-\2", str(name))
    folder = RunFolder(Path(records) / hyphened)
    if not folder.config.is_file():
        folder = RunFolder(name)
    if not folder.config.is_file():
        raise ConfigError(
            f"Expected a run that has been carried out: {', '.join(_names(records)) or 'none yet'}; or the folder of "
            f"one. Received: run={name}"
        )
    if not folder.metrics_json.is_file():
        raise ConfigError(f"Expected a finished run, with its metrics.json. Received: run={name}")
    if weights is None:
        weights = _weights(folder, records)
    return FinishedRun(folder.path.resolve().name, load_run(folder.config), folder, Path(weights))


def load_network(run):
    """Build a run's network and load its weights.

    Parameters
    ----------
    run : FinishedRun

    Returns
    -------
    DIRVNet

    Raises
    ------
    WeightFileError
        When the files are damaged, or hold another network than the run's.
    """
    network = load_weights_file(run.weights)
    expected, received = ({**each.architecture(), "name": ""} for each in (build_model(run.config), network))
    different = sorted(key for key in expected if expected[key] != received[key])
    if different:
        raise WeightFileError(
            f"Expected weights of the network of run {run.name}; {', '.join(different)} differ. "
            f"Received: {', '.join(f'{key}={received[key]}' for key in different)}, path={run.weights}"
        )
    return network


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
        Metrics by name, the number of pairs, and seconds.

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
    compile_model(network, run.config, 1, further_metrics=annotation_metrics(testing, testing))
    callbacks = [Progress(test_steps=testing.steps_per_epoch)] if progress else []
    begun = time.monotonic()
    measured = network.evaluate(testing.evaluation(), return_dict=True, callbacks=callbacks, verbose=0)
    seconds = time.monotonic() - begun
    return {name: float(value) for name, value in measured.items()}, testing.count, seconds


def _weights(folder, records):
    shipped = pretrained.WEIGHTS_FOLDER / folder.path.name
    for place in (folder.path, shipped):
        if (place / "weights.npz").is_file():
            return place
    with_weights = [name for name in _names(records) if name in pretrained.pretrained_names(task=None)]
    raise ConfigError(
        f"Expected a run whose weights are at hand: {', '.join(with_weights) or 'none'}; or --weights FOLDER with "
        f"those of this run. Received: run={folder.path.name}"
    )


def _names(records):
    return sorted(path.parent.name for path in Path(records).glob("*/metrics.json"))
