"""The record of the comparison as tables in Markdown."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from dirv_tf.metrics.names import FINEST, METRIC_NAMES
from experiments.comparison.families.networks import FAMILIES

DASH = "–"
_SUFFIXES = {"refined": ", refined", "optimized": ", optimized"}
# Heading, key and form of the columns by what is known of the pairs.
_FIELD_COLUMNS = (
    *((METRIC_NAMES[key].label, key + FINEST, "{:.1f}") for key in ("dl_dis", "dl_int")),
    ("folded %", "folded_percent", "{:.2f}"), ("SDlogJ", "sd_log_jacobian", "{:.3f}"),
    ("forth and back, px", "inverse_px", "{:.2f}"),
)
_REAL_COLUMNS = {
    "rtre_mean": (("median rTRE, mean", "rtre_mean", "{:.4f}"), ("worst", "rtre_worst", "{:.4f}")),
    "dice_mean": (("Dice, mean", "dice_mean", "{:.3f}"), ("worst", "dice_worst", "{:.3f}")),
}
_TIMES = (("seconds", "seconds", "{:.2f}"), ("of processor time", "cpu_seconds", "{:.3f}"))
_FOLDED = _FIELD_COLUMNS[2]
GAINS = ("refined", "optimized")


def label(row: dict[str, Any]) -> str:
    """Return the name of a row: "A-6", "A-6, refined", "register, fast"."""
    return row["name"] + _SUFFIXES.get(row["way"], "")


def ordered_rows(record: dict[str, Any], entry: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the rows of a set: networks by family, each with its ways, then all others."""
    families, networks = list(FAMILIES), record["networks"]
    ways = ["before", "aligned", "once", "refined", "optimized", "optimization", "register", "classical"]

    def place(row):
        facts = networks.get(row["name"])
        if facts is None:
            return (row["way"] not in ("before", "aligned"), len(families), "", ways.index(row["way"]))
        return (True, families.index(facts["family"]), row["name"], ways.index(row["way"]))

    return sorted(entry["rows"], key=place)


def networks_table(record: dict[str, Any]) -> str:
    """Return one row per network that has rows: family, parameters, training."""
    measured = {row["name"] for entry in record["sets"].values() for row in entry["rows"]}
    lines = [
        "| network | family | parameters | trained with | pairs shown | minutes of training |",
        "|---|---|---|---|---|---|",
    ]
    facts = {name: each for name, each in record["networks"].items() if name in measured}
    for name, each in sorted(facts.items(), key=lambda item: (list(FAMILIES).index(item[1]["family"]), item[0])):
        cells = (
            name, FAMILIES[each["family"]], f"{each['parameters']:,}",
            _trained_with(each),
            DASH if each["pairs_shown"] is None else f"{each['pairs_shown']:,}",
            DASH if each["minutes"] is None else f"{each['minutes']:.0f}",
        )
        lines.append(_line(cells))
    return "\n".join(lines) + "\n"


def _trained_with(facts):
    shown = {True: "true fields", False: "images alone", None: DASH}[facts["supervised"]]
    if facts["images_first"]:
        shown = f"images, then {shown}"
    return f"{shown}, from {facts['start_from']} on" if facts["start_from"] else shown


def set_table(record: dict[str, Any], name: str) -> str:
    """Return all rows of a set.

    Parameters
    ----------
    record : dict
    name : str
        Of a set with known fields, or of a real one.

    Returns
    -------
    str
        Markdown. A dash stands for what the record does not hold.
    """
    entry = record["sets"][name]
    real = next((columns for key, columns in _REAL_COLUMNS.items() if key in entry["rows"][0]), None)
    columns = (*(real or _FIELD_COLUMNS), *((_FOLDED,) if real else ()), *_TIMES)
    headings = [heading for heading, _, _ in columns]
    if not real:
        headings.insert(2, "endpoint error, px")
    lines = [_line(("method", *headings)), "|---" * (len(headings) + 1) + "|"]
    for row in ordered_rows(record, entry):
        cells = [_cell(row, key, form) for _, key, form in columns]
        if not real:
            cells.insert(2, endpoint(row))
        lines.append(_line((label(row), *cells)))
    return "\n".join(lines) + "\n"


def endpoint(row: dict[str, Any]) -> str:
    """Return the mean endpoint error over the pairs and, for more than one, its standard error."""
    errors, mean = np.array(row["endpoint_px_pairs"]), row["endpoint_px"]
    if len(errors) == 1:
        return f"{mean:.2f}"
    return f"{mean:.2f} ± {errors.std(ddof=1) / np.sqrt(len(errors)):.2f}"


def overview(
    record: dict[str, Any],
    sets: Sequence[str],
    key: str = "dl_dis_finest",
    form: str = "{:.1f}",
    lower: bool = False,
) -> str:
    """Return one column per set and one row per network in one pass, and per other method.

    The best of a column is in bold, among networks in one pass and among all others.

    Parameters
    ----------
    record : dict
    sets : sequence of str
        Known ones of one rank.
    key, form : str
        What stands in the cells.
    lower : bool
        Whether small numbers are the good ones.
    """
    found = [_rows_by_label(record, name, lambda row: row["way"] not in GAINS) for name in sets]
    return _matrix(record, sets, found, lambda row: row[key], form, min if lower else max)


def gains(record: dict[str, Any], sets: Sequence[str], way: str) -> str:
    """Return how many points of ΔL_dis a way adds to the single pass of each network.

    Parameters
    ----------
    record : dict
    sets : sequence of str
    way : {"refined", "optimized"}
    """
    found = []
    for name in sets:
        once = _rows_by_label(record, name, lambda row: row["way"] == "once")
        more = {row["name"]: row for row in record["sets"][name]["rows"] if row["way"] == way}
        found.append({
            network: {**more[network], "gain": more[network]["dl_dis_finest"] - row["dl_dis_finest"]}
            for network, row in once.items() if network in more
        })
    return _matrix(record, sets, found, lambda row: row["gain"], "{:+.1f}")


def steps_table(record: dict[str, Any], sets: Sequence[str]) -> str:
    """Return ΔL_dis after every step of the networks that work in stages, one column per set.

    Parameters
    ----------
    record : dict
    sets : sequence of str
    """
    titles = [record["sets"][name]["title"] for name in sets]
    lines = [_line(("network", *titles)), "|---" * (len(titles) + 1) + "|"]
    found = [_rows_by_label(record, name, lambda row: row.get("stage_dl_dis")) for name in sets]
    for each in dict.fromkeys(each for rows in found for each in rows):
        steps = [rows[each]["stage_dl_dis"] if each in rows else () for rows in found]
        cells = [", ".join(f"{step:.1f}" for step in each_set) or DASH for each_set in steps]
        lines.append(_line((each, *cells)))
    return "\n".join(lines) + "\n"


def _rows_by_label(record, name, wanted):
    entry = record["sets"][name]
    return {label(row): row for row in ordered_rows(record, entry) if wanted(row)}


def _matrix(record, sets, found, value, form, best=None):
    titles = [record["sets"][name]["title"] for name in sets]
    lines = [_line(("method", *titles)), "|---" * (len(titles) + 1) + "|"]
    marked = [_best(rows, value, best) for rows in found]
    for each in dict.fromkeys(each for rows in found for each in rows):
        cells = [form.format(value(rows[each])) if each in rows else DASH for rows in found]
        lines.append(_line((each, *(f"**{cell}**" if each in bold else cell for cell, bold in zip(cells, marked)))))
    return "\n".join(lines) + "\n"


def _best(rows, value, best):
    if best is None:
        return set()
    parts = [[each for each, row in rows.items() if (row["way"] == "once") is once] for once in (True, False)]
    return {best(part, key=lambda each: value(rows[each])) for part in parts if part}


def _cell(row, key, form):
    value = row.get(key)
    return DASH if value is None else form.format(value)


def _line(cells):
    return f"| {' | '.join(cells)} |"
