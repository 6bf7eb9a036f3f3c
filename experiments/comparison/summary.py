"""What comparisons come to, as small tables from their records: beside classical methods, and of the own call."""

from __future__ import annotations

import json
from pathlib import Path

from dirv_tf.metrics.names import FINEST, REDUCTIONS
from dirv_tf.training.execution.environment import hardware_line
from experiments.folders import RECORDS
from experiments.written_page import machines

RECORD = RECORDS / "classical" / "classical.json"
# Records of the own call, later ones replacing sets of earlier ones.
ONE_CALL = RECORDS / "one_call"
_TITLES = {
    "chessboards-64": "chessboards, 64²",
    "chessboards-128": "chessboards, 128²",
    "tissue-128": "unseen tissues, 128²",
}


def summary_table(path: Path = RECORD) -> str:
    """Return one row per method and one column per set of pairs, in Markdown, and where it was measured.

    Parameters
    ----------
    path : path
        The record of ``python -m experiments.comparison``.

    Returns
    -------
    str
        Cells are ΔL_int / ΔL_dis in percent on the finest level, and processor seconds per pair.
    """
    record = json.loads(path.read_text(encoding="utf-8"))
    sets = record["sets"]
    columns = {each["name"]: {row["name"]: row for row in each["methods"]} for each in sets}
    lines = [
        f"| method | {' | '.join(_TITLES.get(name, name) for name in columns)} |",
        f"|---|{'---|' * len(columns)}",
    ]
    for method in (row["name"] for row in sets[0]["methods"]):
        lines.append(f"| {method} | {' | '.join(_cell(rows.get(method)) for rows in columns.values())} |")
    pairs = sorted({each["pairs"] for each in sets})
    origin = f"{' or '.join(map(str, pairs))} pairs each; {record['date'][:10]}, {hardware_line(record['hardware'])}."
    return "\n".join([*lines, "", origin]) + "\n"


def one_call_table(folder: Path = ONE_CALL) -> str:
    """Return the table of the library's own call beside the best networks alone, in Markdown.

    Parameters
    ----------
    folder : path
        With folders of ``python -m experiments.comparison --without-classical``. A later record replaces the sets of an
        earlier one.

    Returns
    -------
    str
        One row per set of pairs, with the date, and the machines.
    """
    records = [json.loads(path.read_text(encoding="utf-8")) for path in folder.glob("*/classical.json")]
    records.sort(key=lambda record: record["date"])
    entries = {entry["name"]: (entry, record) for record in records for entry in record["sets"]}
    ways = ("best-2d / best-3d", "register, fast", "register")
    lines = [f"| pairs | {' | '.join(ways)} | date |", "|---|" + "---|" * (len(ways) + 1)]
    for entry, record in entries.values():
        rows = {row["name"]: row for row in entry["methods"]}
        network = next(rows[name] for name in ("best-2d", "best-3d") if name in rows)
        cells = [_cell(row) for row in (network, *(rows[name] for name in ways[1:]))]
        lines.append(f"| {entry['pairs']}: {entry['what']} | {' | '.join(cells)} | {record['date'][:10]} |")
    return "\n".join([*lines, "", f"{machines(record for _, record in entries.values())}."]) + "\n"


def _cell(row):
    if row is None:
        return ""
    shares = " / ".join(f"{row[metric.key + FINEST]:.1f}" for metric in REDUCTIONS)
    return f"{shares}, {row['cpu_seconds_per_pair']:#.2g} s"
