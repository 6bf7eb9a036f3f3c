"""The folder of one run: where each of its files lies."""

from __future__ import annotations

import contextlib
import datetime
from pathlib import Path

from dirv_tf.io.atomic_write import write_json, write_text
from dirv_tf.io.file_paths import file_json
from dirv_tf.io.folder_lock import folder_lock
from dirv_tf.io.left_behind import remove_temporary_files
from dirv_tf.models.weight_files import ARRAYS_NAME, CARD_NAME
from dirv_tf.training.config.config_loading import load_run
from dirv_tf.training.config.yaml_text import format_yaml
from dirv_tf.validation import ConfigError

# Of the working folder.
RESULTS_FOLDER = Path("runs")
# Bytes kept for the record of a run that a full disk ends; a record has a few thousand, with lists of images more.
_RESERVE = 2**16


class RunFolder:
    """The files of one run.

    Parameters
    ----------
    path : str or Path
        The folder.

    Attributes
    ----------
    config : Path
        The whole effective configuration.
    record : Path
        Seeds, versions, hardware, image files, times, state of the run.
    history : Path
        One line per epoch.
    metrics_json, metrics_csv : Path
        The final test.
    checkpoint : Path
        The last whole epoch.
    tensorboard : Path
        Folder of the TensorBoard logs.
    """

    def __init__(self, path):
        self.path = Path(path)
        self.config = self.path / "config.yaml"
        self.record = self.path / "run.json"
        self.history = self.path / "history.csv"
        self.metrics_json = self.path / "metrics.json"
        self.metrics_csv = self.path / "metrics.csv"
        self.checkpoint = self.path / "checkpoints" / "last.npz"
        self.tensorboard = self.path / "tensorboard"
        self._reserve = self.path / ".reserve"

    @classmethod
    def new(cls, config, path=None, results=RESULTS_FOLDER):
        """Return the folder for a new run.

        Parameters
        ----------
        config : RunConfig
        path : str, Path or None
            The folder to use; by default one in `results`, named after run, preset and time.
        results : str or Path
            Holds the folders of runs.

        Returns
        -------
        RunFolder
            Nothing is written yet.

        Raises
        ------
        ConfigError
            When there is something in the folder already.
        """
        if path is None:
            begun = datetime.datetime.now().strftime("%Y%m%d-%H%M%S")
            path = Path(results) / "-".join(part for part in (config.name, config.preset, begun) if part)
        path = Path(path)
        if path.exists() and (not path.is_dir() or any(path.iterdir())):
            raise ConfigError(f"Expected a new or empty folder for the results (a run that was stopped goes on with "
                              f"--resume). Received: output={path}")
        return cls(path)

    @classmethod
    def existing(cls, path):
        """Return the folder of a run that was stopped.

        Parameters
        ----------
        path : str or Path
            The folder.

        Returns
        -------
        folder : RunFolder
        config : RunConfig

        Raises
        ------
        ConfigError
            When this is no run's folder, or the run is finished.
        """
        folder = cls(path)
        if not folder.config.is_file():
            raise ConfigError(f"Expected the folder of a run, with its config.yaml. Received: resume={path}")
        if folder.metrics_json.is_file():
            raise ConfigError(f"Expected a run that was stopped; this one is finished. Received: resume={path}")
        return folder, load_run(folder.config)

    @classmethod
    def begun(cls, config, path):
        """Return the folder of a run with these settings, begun or finished; it may go on on other devices.

        Parameters
        ----------
        config : RunConfig
        path : str or Path
            The folder.

        Returns
        -------
        RunFolder

        Raises
        ------
        ConfigError
            When the folder holds a run with other settings.
        """
        folder = cls(path)
        settings = [each.as_mapping() for each in (load_run(folder.config), config)]
        for each in settings:
            each["training"].pop("distribution")
        different = sorted(key for key in settings[0].keys() | settings[1].keys()
                           if settings[0].get(key) != settings[1].get(key))
        if different:
            raise ConfigError(
                f"Expected the settings of the run that {path} holds; {', '.join(different)} differ. "
                f"Received: output={path}"
            )
        return folder

    @contextlib.contextmanager
    def in_use(self):
        """Keep the folder for this process, while a run is carried out.

        Temporary files that an earlier process was writing when it was killed are removed, and some bytes reserved, so
        that the record can be written where a disk has become full.

        Raises
        ------
        ConfigError
            When another process has it: two would write each other's files.
        """
        with contextlib.ExitStack() as stack:
            try:
                is_locked = stack.enter_context(folder_lock(self.path))
            except BlockingIOError as error:
                raise ConfigError(
                    f"Expected a folder that no other process is at work in. Received: {self.path}, where a run is "
                    "going on; wait for it, or choose another folder"
                ) from error
            if is_locked:
                self._remove_left_behind()
            stack.callback(self.free_reserve)
            write_text(self._reserve, " " * _RESERVE)
            yield

    def free_reserve(self):
        """Give the reserved bytes back, before the last file is written."""
        self._reserve.unlink(missing_ok=True)

    def _remove_left_behind(self):
        own = (self.config, self.record, self.history, self.metrics_json, self.metrics_csv, self._reserve)
        remove_temporary_files(self.path, [*(file.name for file in own), ARRAYS_NAME, CARD_NAME])
        remove_temporary_files(self.checkpoint.parent, [self.checkpoint.name])

    def write_config(self, config):
        """Write the effective configuration."""
        write_text(self.config, f"# Everything this run used.\n{format_yaml(config.as_mapping())}")

    def read_record(self):
        """Return the record of the run, a dict; empty when there is none yet."""
        return file_json(self.record) if self.record.is_file() else {}

    def write_record(self, **entries):
        """Write or update the record of the run."""
        write_json(self.record, {**self.read_record(), **entries})

    def add_part(self, state, ended, seconds):
        """Note how and when the run ended or was stopped, and how long it ran this time.

        Parameters
        ----------
        state : str
            "finished" or what stopped it.
        ended : str
            Date and time.
        seconds : float
        """
        parts = [*self.read_record().get("parts", ()), {"state": state, "ended": ended, "seconds": round(seconds, 1)}]
        total = sum(part["seconds"] for part in parts)
        self.write_record(state=state, ended=ended, seconds=round(total, 1), parts=parts)
