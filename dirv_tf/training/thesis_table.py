"""The thesis's results table: one row per run and split."""

from __future__ import annotations

import csv
from pathlib import Path

from dirv_tf.training.config.config_loading import RUNS_FOLDER

THESIS_TABLE = RUNS_FOLDER / "thesis_tables.csv"
_NUMBERS = ("l_int", "l_dis", "dl_int_percent", "dl_dis_percent", "max_d", "mean_d")


def thesis_rows(path=THESIS_TABLE):
    """All rows of the table.

    Parameters
    ----------
    path : str or Path
        The CSV file.

    Returns
    -------
    list of dict
        Texts by column.

    Raises
    ------
    FileNotFoundError
        When there is no such file.
    """
    if not Path(path).is_file():
        raise FileNotFoundError(f"Expected the thesis's results table as a CSV file. Received: path={path}")
    with open(path, encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def thesis_row(run, path=THESIS_TABLE):
    """The thesis's result of a run: its test row, or its training row where the thesis has no test row.

    Parameters
    ----------
    run : str
        Such as "A-6".
    path : str or Path
        The CSV file.

    Returns
    -------
    dict or None
        `run`, `split` and the figures `l_int` (×255), `l_dis` (px), `dl_int`, `dl_dis` (%), `max_d`, `mean_d` (px)
        as floats; None for a run that is not in the thesis, and where there is no table: it lies in the checkout and
        is not installed with the package.
    """
    if not Path(path).is_file():
        return None
    rows = {row["split"]: row for row in thesis_rows(path) if row["run"] == run}
    row = rows.get("test") or rows.get("train")
    if row is None:
        return None
    figures = {column.replace("_percent", ""): float(row[column]) for column in _NUMBERS}
    return {"run": run, "split": row["split"], **figures}
