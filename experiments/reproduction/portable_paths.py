"""Paths of a run's images, made to hold in any checkout."""

from __future__ import annotations

import os
from pathlib import Path

from dirv_tf.training.config.common_data_settings import change_paths
from dirv_tf.training.config.run_config import is_weights_path
from dirv_tf.validation import ConfigError


def portable_settings(config, checkout, folder):
    """Return a run's configuration with the paths of its images relative to a folder of the checkout.

    Parameters
    ----------
    config : RunConfig
    checkout : Path
        Holds the same images, under the same names as where the run took them from.
    folder : Path
        Where the configuration will lie.

    Returns
    -------
    dict
        As `RunConfig.as_mapping`.

    Raises
    ------
    ConfigError
        When the images are not in the checkout, or the run started from weights that do not ship.
    """
    settings = config.as_mapping()
    start_from = config.training.start_from
    if start_from and is_weights_path(start_from):
        raise ConfigError(
            "Expected a run that starts from chance or from a shipped network, for others to repeat it. "
            f"Received: training.start_from={start_from}"
        )
    change_paths(config.data, settings["data"], lambda path: _portable(path, checkout, folder))
    return settings


def portable_files(files, checkout, folder):
    """Return nested lists and mappings of the paths of image files, made relative likewise."""
    if isinstance(files, dict):
        return {part: portable_files(each, checkout, folder) for part, each in files.items()}
    if isinstance(files, list):
        return [portable_files(each, checkout, folder) for each in files]
    return _portable(files, checkout, folder)


def _portable(path, checkout, folder):
    parts = Path(path).parts
    # The longest end of the path that is there: a single name could be there by chance.
    for first in range(1, len(parts) - 1):
        candidate = Path(checkout).joinpath(*parts[first:])
        if candidate.exists():
            return os.path.relpath(candidate, folder)
    raise ConfigError(
        f"Expected images that lie in the checkout {checkout}, for others to test the run again. Received: {path}"
    )
