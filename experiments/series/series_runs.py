"""The names of the runs of a series."""

from __future__ import annotations

import re

from dirv_tf.training.config.config_loading import known_runs
from dirv_tf.validation import ConfigError


def series_runs(series):
    """Return the names of the runs of a series.

    Parameters
    ----------
    series : str
        The letter before the hyphen.

    Returns
    -------
    list of str

    Raises
    ------
    ConfigError
        When there is no such series; the message says which there are.
    """
    # Runs beyond the thesis have names of other kinds.
    known = [name for name in known_runs() if re.fullmatch(r"[A-Z]-\d+", name)]
    names = [name for name in known if name.split("-")[0] == series.upper()]
    if not names:
        every = ", ".join(dict.fromkeys(name.split("-")[0] for name in known))
        raise ConfigError(f"Expected a series of runs: {every}. Received: series={series}")
    return sorted(names, key=lambda name: (len(name), name))
