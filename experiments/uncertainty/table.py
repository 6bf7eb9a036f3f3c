"""The record as a table, on the terminal and as Markdown, and which goals it meets."""

from __future__ import annotations

from typing import Any

from experiments.written_page import measured_on

COLUMNS = (
    "pairs", "field of", "error, px", "predicted, px", "calibration error, px", "within 90 %", "rank correlation"
)
# What a useful prediction was to reach: largest calibration error, coverage, least rank correlation on tissue.
LARGEST_ERROR, COVERAGE, LEAST_RANK = 0.1, (85.0, 95.0), 0.5


def rows(record: dict[str, Any]) -> list[list[str]]:
    """Return the texts below `COLUMNS`."""
    found = [
        [each["name"], row["method"], *_numbers(row)] for each in record["sets"] for row in each["methods"]
    ]
    if "histology" in record:
        found.append(["histology, landmarks", "register", *_numbers(record["histology"])])
    return found


def _numbers(row):
    return [
        f"{row['error_rms']:.2f}", f"{row['predicted_rms']:.2f}", f"{row['calibration_error']:.3f}",
        f"{row['coverage_90']:.1f} %", "–" if row["rank_correlation"] is None else f"{row['rank_correlation']:.2f}",
    ]


def missed_goals(record: dict[str, Any]) -> list[str]:
    """Say in words which goals are missed on chessboards and tissue, and by how much."""
    missed = []
    for each in record["sets"]:
        for row in each["methods"]:
            place = f"{row['method']} on {each['name']}"
            if "parts" in row:
                parts = row["parts"]
                if parts["predicted_flat"] <= parts["predicted_elsewhere"]:
                    missed.append(f"{place}: no larger prediction in the flat part")
                continue
            if row["calibration_error"] >= LARGEST_ERROR:
                missed.append(f"{place}: calibration error {row['calibration_error']:.3f} px, to be below 0.1")
            if not COVERAGE[0] <= row["coverage_90"] <= COVERAGE[1]:
                missed.append(f"{place}: {row['coverage_90']:.1f} % within the 90 % interval, to be 85 to 95")
            if each["name"] == "tissue" and (row["rank_correlation"] or 0) <= LEAST_RANK:
                missed.append(f"{place}: rank correlation {row['rank_correlation'] or 0:.2f}, to be above 0.5")
    return missed


def markdown(record: dict[str, Any]) -> str:
    """Return the record as Markdown."""
    sets = "; ".join(f"*{each['name']}*: {each['what']}" for each in record["sets"])
    lines = [
        f"{record['pairs']} pairs of each set, of another seed than any training's. {sets}. Error and prediction are "
        f"root mean squares over pixels and components; {_in_training(record)}. {measured_on(record)}",
        "",
        f"| {' | '.join(COLUMNS)} |",
        f"|{'---|' * len(COLUMNS)}",
        *(f"| {' | '.join(row)} |" for row in rows(record)),
        "",
        *_flat_lines(record),
    ]
    missed = missed_goals(record)
    lines.append("Goals missed: " + "; ".join(missed) + "." if missed else "All goals are met.")
    return "\n".join(lines) + "\n"


def _in_training(record):
    seen = dict.fromkeys(row["method"] for each in record["sets"] for row in each["methods"] if row["in_training"])
    if not seen:
        return "fields of these methods were not among those of the training"
    *others, last = seen
    names = f"{', '.join(others)} and {last}" if others else last
    simple = " (demons in a simple form of its own)" if "demons" in seen else ""
    return f"fields of {names} were among those of the training{simple}, the others' were not"


def losses_markdown(records: list[dict[str, Any]]) -> str:
    """Return what networks of several losses are worth on the same fields, as Markdown."""
    columns = ("loss", *COLUMNS)
    found = [
        [f"`{record['loss']}`", each["name"], row["method"], *_numbers(row)]
        for record in records
        for each in record["sets"]
        if not any("parts" in row for row in each["methods"])
        for row in each["methods"]
    ]
    lines = [f"| {' | '.join(columns)} |", f"|{'---|' * len(columns)}", *(f"| {' | '.join(row)} |" for row in found)]
    return "\n".join(lines) + "\n"


def _flat_lines(record):
    for each in record["sets"]:
        parts = [(row["method"], row["parts"]) for row in each["methods"] if "parts" in row]
        if parts:
            words = (
                f"{name} {part['predicted_flat']:.2f} px in the flat part (error {part['error_flat']:.2f}), "
                f"{part['predicted_elsewhere']:.2f} px elsewhere (error {part['error_elsewhere']:.2f})"
                for name, part in parts
            )
            yield f"Predicted on *{each['name']}*: " + "; ".join(words) + "."
            yield ""


def text_lines(record: dict[str, Any]) -> list[str]:
    """Return the record for the terminal."""
    table = [list(COLUMNS), *rows(record)]
    widths = [max(len(row[column]) for row in table) for column in range(len(COLUMNS))]
    return ["  ".join(map(str.ljust, row, widths)).rstrip() for row in table]
