"""The thesis's results table: one row per run and split."""

from __future__ import annotations

import csv
from pathlib import Path

THESIS_TABLE = Path(__file__).with_name("thesis_tables.csv")
_METRICS = ("l_int", "l_dis", "dl_int_percent", "dl_dis_percent", "max_d", "mean_d")


def thesis_rows(path=THESIS_TABLE):
    """Read all rows of the table.

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


def thesis_reference(run, path=THESIS_TABLE):
    """Return the thesis's result of a run: its test row, or its training row where the thesis has no test row.

    Parameters
    ----------
    run : str
        Such as "A-6".
    path : str or Path
        The CSV file.

    Returns
    -------
    dict or None
        As the section `reference` of a run's file: `source`, `split` and `metrics`, which are `l_int` (×255), `l_dis`
        (px), `dl_int`, `dl_dis` (%), `max_d` and `mean_d` (largest and mean length of the true fields' vectors, px).
        None for a run that is not in the thesis.
    """
    rows = {row["split"]: row for row in thesis_rows(path) if row["run"] == run}
    row = rows.get("test") or rows.get("train")
    if row is None:
        return None
    metrics = {column.replace("_percent", ""): float(row[column]) for column in _METRICS}
    return {"source": f"thesis, table {row['table']}", "split": row["split"], "metrics": metrics}
