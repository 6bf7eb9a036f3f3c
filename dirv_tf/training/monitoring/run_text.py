"""A run's configuration as a Markdown table for TensorBoard's text page."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping


def configuration_table(run_config):
    """Write a nested configuration as one table, a row per setting.

    Parameters
    ----------
    run_config : mapping or dataclass instance
        Settings, nested to any depth; nested keys are joined by dots, as on the command line.

    Returns
    -------
    str
        Markdown.

    Raises
    ------
    TypeError
        If `run_config` is neither a mapping nor a dataclass instance.
    """
    if dataclasses.is_dataclass(run_config) and not isinstance(run_config, type):
        run_config = dataclasses.asdict(run_config)
    if not isinstance(run_config, Mapping):
        raise TypeError(
            f"`run_config` must be a mapping or a dataclass instance. Received: run_config={run_config!r} "
            f"of type {type(run_config).__name__}"
        )
    rows = [f"| {_cell(key)} | {_cell(value)} |" for key, value in _flat(run_config)]
    return "\n".join(["| setting | value |", "| --- | --- |", *rows])


def _flat(settings, prefix=""):
    for key, value in settings.items():
        if isinstance(value, Mapping) and value:
            yield from _flat(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value


def _cell(value):
    # A bar would end the cell, a line break the row.
    return " ".join(str(value).split()).replace("|", "\\|")
