"""What a run left in its folder, read back."""

from __future__ import annotations

import csv
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import yaml

from dirv_tf.io.file_paths import file_json, file_text
from dirv_tf.models.pretrained import WEIGHTS_FOLDER, pretrained_names
from dirv_tf.models.weight_files import ARRAYS_NAME, read_card
from dirv_tf.training.config.yaml_text import parse_yaml
from dirv_tf.training.execution.history import read_history
from dirv_tf.training.execution.run_folder import RunFolder
from dirv_tf.validation import UnreadableFileError


@dataclass(frozen=True)
class RunRecord:
    """A run, as its folder tells it.

    Attributes
    ----------
    path : Path
        The folder.
    name : str
        Such as "A-6".
    preset : str
        Empty for the settings of the run's file itself.
    config : dict
        The whole effective configuration.
    record : dict
        Seeds, versions, hardware, times.
    test : dict or None
        Test metrics by name; None for a run that is not finished.
    history : dict of str to list of float
        Logged values by column, an entry per epoch.
    reference : dict or None
        What to compare the test with: `source`, `split`, `metrics`.
    test_pairs : int or None
        Number of the test pairs.
    """

    path: Path
    name: str
    preset: str
    config: dict
    record: dict
    test: dict | None
    history: dict
    reference: dict | None = None
    test_pairs: int | None = None

    @property
    def title(self):
        """Name and preset."""
        return f"{self.name} ({self.preset})" if self.preset else self.name

    @property
    def weights(self):
        """Folder of the trained weights: the run's own or, where this run made a shipped model, that one's; or None."""
        if (self.path / ARRAYS_NAME).is_file():
            return self.path
        for name in pretrained_names(task=None):
            card = read_card(WEIGHTS_FOLDER / name)
            if (card.get("run"), card.get("metrics")) == (self.name, self.test):
                return WEIGHTS_FOLDER / name
        return None


def find_runs(paths: Iterable[str | os.PathLike[str]]) -> list[RunRecord]:
    """Read the runs in some folders.

    Parameters
    ----------
    paths : iterable of str or Path
        Folders of runs, or folders that hold such folders.

    Returns
    -------
    list of RunRecord
        By name, full settings before presets, then by date.

    Raises
    ------
    FileNotFoundError
        When a path is no folder, or there is no run in it.
    ValueError
        When a file of a run is damaged.
    """
    folders: dict[Path, Path] = {}
    for path in map(Path, paths):
        inside = sorted(config.parent for config in path.glob("*/config.yaml"))
        found = [path] if (path / "config.yaml").is_file() else inside
        if not found:
            raise FileNotFoundError(
                f"Expected a run's folder, with config.yaml, or a folder of those. Received: {path}"
            )
        folders.update((folder.resolve(), folder) for folder in found)
    runs = [_read(folder) for folder in folders.values()]
    return sorted(runs, key=lambda run: (run.name, run.preset != "", run.preset, run.record.get("started", "")))


def _read(path):
    folder = RunFolder(path)
    try:
        config = parse_yaml(file_text(folder.config, "a run file"))
        record = file_json(folder.record) if folder.record.is_file() else {}
        metrics = file_json(folder.metrics_json) if folder.metrics_json.is_file() else {}
        rows = [_numbers(row) for row in read_history(folder.history)]
        name, preset = config["name"], config.get("preset") or ""
    except (ValueError, TypeError, KeyError, AttributeError, csv.Error, yaml.YAMLError) as error:
        reason = error.__cause__ or error
        raise UnreadableFileError(f"Expected the files of a run, whole. Received: {path}: {reason!r}") from error
    columns = dict.fromkeys(key for row in rows for key in row)
    history = {column: [row.get(column, float("nan")) for row in rows] for column in columns}
    reference = metrics.get("reference") or config.get("reference")
    test, test_pairs = metrics.get("test"), metrics.get("test_images")
    return RunRecord(folder.path, name, preset, config, record, test, history, reference, test_pairs)


def _numbers(row):
    """Return what was measured in an epoch; the stage that was trained is a name."""
    return {key: float(value) for key, value in row.items() if value and key != "stage"}
