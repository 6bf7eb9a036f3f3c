"""The documentation's page on what is left of the errors, from its record: `python -m experiments.studies.error_page`.

The page holds prose around blocks between two marks each; the blocks alone are written. A test compares them with the
record.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from dirv_tf.report.document import Table
from dirv_tf.report.markdown_text import table_lines
from experiments.folders import CHECKOUT, RECORDS
from experiments.written_page import WrittenPage, measured_on

RECORD = RECORDS / "error_analysis" / "error_analysis.json"
_FIELDS = {
    "one grid": "true field, sampled and interpolated on one grid",
    "two grids": "true field, sampled every 4 pixels, interpolated from corner to corner",
    "network": "the network's field",
}


def blocks(path: Path = RECORD) -> dict[str, str]:
    """Return what lies between the marks of the page.

    Parameters
    ----------
    path : path
        The record of ``python -m experiments.studies.error_analysis``.

    Returns
    -------
    dict of str
        Markdown by the name of the block.
    """
    record = json.loads(path.read_text(encoding="utf-8"))
    return {"origin": f"{origin(record)}\n", **{name: _markdown(rows) for name, rows in tables(record).items()}}


def origin(record: dict) -> str:
    """Say what a record was measured on, when and where."""
    return (
        f"{record['runs'][0]['pairs']:,} test pairs of each run, shipped weights; {record['date'][:10]}, "
        f"{measured_on(record)}"
    )


def tables(record: dict) -> dict[str, list[dict[str, str]]]:
    """Return the rows of all tables of a record, texts by column, by the name of the table."""
    runs = record["runs"]
    return {
        "spread": [_spread(run) for run in runs],
        "relative": [_relative(run, name) for run in runs for name in _FIELDS],
        "leakage": [_leakage(run) for run in runs],
        "place": [_place(run) for run in runs],
        "length": _length(runs),
        "correlation": [_correlation(run) for run in runs],
    }


def _markdown(rows):
    return "\n".join(table_lines(Table(rows))) + "\n"


def _spread(run):
    before, after = run["l_int"]["before"], run["l_int"]["after"]
    row = {"run": run["run"], "mean L_int": f"{before['mean']:.1f} → {after['mean']:.2f}"}
    for key, title in (("sd_of_pairs", "deviation among pairs"), ("sd_of_pixels", "deviation within a pair")):
        row[title] = f"{before[key]:.1f} → {after[key]:.2f}"
        row[f"{title.removeprefix('deviation ')}, times less"] = f"{before[key] / after[key]:.1f}"
    return row


def _relative(run, name):
    measured = run["relative"][name]
    return {
        "run": run["run"],
        "registered by": _FIELDS[name],
        **{
            f"{quantity} error, {statistic}": f"{measured[f'{quantity}_{statistic}']:.1f} %"
            for quantity in ("field", "intensity") for statistic in ("mean", "largest", "worst")
        },
    }


def _leakage(run):
    rows, columns = run["leakage"]
    return {"run": run["run"], "only rows move": f"{rows:.1f} %", "only columns move": f"{columns:.1f} %"}


def _place(run):
    row = {"run": run["run"]}
    for name, measured in run["place"].items():
        row[f"{name}, px"] = f"{measured['error']:.3f}"
    outside, inside = (run["place"][name]["error"] for name in ("outermost ring", "inside"))
    row["outermost over inside"] = f"{outside / inside:.1f}"
    ring = run["place"]["outermost ring"]
    total = sum(place["share_of_points"] * place["error"] for place in run["place"].values())
    row["outermost ring: share of points"] = f"{ring['share_of_points']:.0f} %"
    row["share of the error"] = f"{100 * ring['share_of_points'] * ring['error'] / total:.0f} %"
    return row


def _length(runs):
    ranges = {}
    for run in runs:
        for each in run["length"]:
            name = f"{each['from']:g} to {each['to']:g} px"
            ranges.setdefault(name, {})[run["run"]] = each
    rows = []
    for name, found in ranges.items():
        row = {"true length": name}
        for run in runs:
            each = found.get(run["run"])
            row[f"{run['run']}: error, px"] = f"{each['error']:.3f}" if each else ""
            row[f"{run['run']}: vectors"] = f"{each['share_of_vectors']:.1f} %" if each else ""
        rows.append(row)
    return rows


def _correlation(run):
    texts = {name: "–" if value is None else f"{value:.2f}" for name, value in run["correlation"].items()}
    return {"run": run["run"], **texts}


PAGE = WrittenPage(CHECKOUT / "docs" / "error_analysis.md", "experiments.studies.error_page", blocks)


if __name__ == "__main__":
    sys.exit(PAGE.main())
