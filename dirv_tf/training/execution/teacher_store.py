"""Where the fields of a teacher lie: a file per pair, in a folder that says which pairs and which teacher."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from typing import Any

import numpy as np

from dirv_tf.datasets import PairBatches, TaughtPairs
from dirv_tf.io.atomic_write import atomic_path, write_json
from dirv_tf.io.file_paths import file_json
from dirv_tf.io.left_behind import remove_temporary_files
from dirv_tf.training.config.common_data_settings import change_paths
from dirv_tf.training.config.run_config import is_weights_path
from dirv_tf.validation import ConfigError

_SETTINGS = "teacher.json"


class TeacherStore:
    """The fields of a teacher for the pairs of one part of a run.

    Parameters
    ----------
    config : RunConfig
    part : {"train", "test"}

    Attributes
    ----------
    folder : Path
        Of the part.
    """

    def __init__(self, config: Any, part: str):
        self.folder = Path(config.training.teacher.folder) / part
        self._config, self._part = config, part

    def path(self, epoch: int, number: int) -> Path:
        """Return the file of the field of a pair."""
        return self.folder / f"epoch-{epoch:04d}" / f"{number:07d}.npy"

    def read(self, epoch: int, numbers: np.ndarray) -> np.ndarray:
        """Return the fields of some pairs of an epoch, (B, n_1, ..., n_r, r), float32.

        Raises
        ------
        FileNotFoundError
            If one has not been found yet.
        """
        return np.stack([np.load(self.path(epoch, int(number)), allow_pickle=False) for number in numbers])

    def write(self, epoch: int, number: int, field: np.ndarray) -> None:
        """Write the field of a pair."""
        path = self.path(epoch, number)
        path.parent.mkdir(parents=True, exist_ok=True)
        with atomic_path(path) as temporary, open(temporary, "wb") as stream:
            np.save(stream, np.asarray(field, np.float32))

    def missing(self, epoch: int, numbers: np.ndarray) -> list[int]:
        """Return which of some pairs of an epoch have no field yet."""
        return [int(number) for number in numbers if not self.path(epoch, int(number)).is_file()]

    def begin(self, pairs: PairBatches) -> None:
        """Write what the folder is for, or make sure that it is for this.

        Parameters
        ----------
        pairs : PairBatches
            Of the part.

        Raises
        ------
        ConfigError
            If it holds other fields, or something else.
        OSError
            If it cannot be written.
        """
        expected = json.loads(json.dumps(self._meant(pairs), default=str))
        file = self.folder / _SETTINGS
        # Who asks has the folder's lock: a process that was killed left them.
        remove_temporary_files(self.folder, [_SETTINGS])
        if not file.is_file():
            # A folder of something else must not be filled up; one that is not finished has its settings first.
            if self.folder.is_dir() and any(self.folder.iterdir()):
                raise ConfigError(
                    f"'training.teacher.folder' must be one of a teacher's fields, or new. Received: {self.folder} "
                    f"without {_SETTINGS}"
                )
            self.folder.mkdir(parents=True, exist_ok=True)
            write_json(file, expected)
            return
        found = file_json(file)
        different = [key for key in expected if found.get(key) != expected[key]]
        if different:
            raise ConfigError(
                "'training.teacher.folder' must hold the fields of this teacher for these pairs, or be new. "
                f"Received: {self.folder}, whose {', '.join(different)} differ"
            )

    def _meant(self, pairs):
        """Return what the fields depend on: where files lie may differ."""
        config, teacher = self._config, self._config.training.teacher
        data = config.as_mapping()["data"]
        change_paths(config.data, data, lambda path: Path(path).name)
        files = [[Path(path).name for path in _flat(entry)] for entry in getattr(pairs, "files", None) or ()]
        network = teacher.model
        if network is not None and is_weights_path(network):
            network = _digest(network)
        seed = config.seeds.training if self._part == "train" else config.seeds.testing
        return {
            "data": data, "files": files, "seed": seed, "batch_size": pairs.batch_size, "model": network,
            **teacher.options,
        }  # fmt: skip


def taught_pairs(config: Any, part: str, pairs: PairBatches) -> PairBatches:
    """Return the pairs of a part with the fields of the run's teacher, where it has one and the part needs it.

    Parameters
    ----------
    config : RunConfig
    part : {"train", "test"}
        Pairs with known fields are tested by these.
    pairs : PairBatches
    """
    if config.training.teacher is None or (part == "test" and config.data.known_fields):
        return pairs
    return TaughtPairs(pairs, TeacherStore(config, part).read)


def _flat(entry):
    return entry if isinstance(entry, (list, tuple)) else [entry]


def _digest(path):
    """Return the SHA-256 of weights, by whatever path they are found."""
    file = Path(path) / "weights.npz" if os.path.isdir(path) else Path(path)
    if not file.is_file():
        raise ConfigError(f"'training.teacher.model' must be trained weights. Received: {path}")
    return hashlib.sha256(file.read_bytes()).hexdigest()
