"""The record of the measurement as a table."""

from __future__ import annotations

from typing import Any

from experiments.written_page import measured_on

COLUMNS = (
    "pairs", "hole", "way", "field moved, mean px", "median", "95 %", "pairs below 0.3 px, %", "mask, Dice", "AUC",
    "error without hole, px",
)  # fmt: skip


def rows(record: dict[str, Any]) -> list[list[str]]:
    """Return the cells of every row of the table."""
    found = []
    for each in record["sets"]:
        for hole in each["covered"]:
            for method in each["methods"]:
                scores = method["holes"][hole]
                found.append(
                    [
                        each["name"], hole, method["method"],
                        *(f"{scores[key]:.2f}" for key in ("mean", "median", "p95")), f"{scores['pairs_below']:.0f}",
                        *("–" if scores.get(key) is None else f"{scores[key]:.2f}" for key in ("dice", "auc")),
                        f"{method['endpoint_error']:.2f}",
                    ]
                )  # fmt: skip
    return found


def markdown(record: dict[str, Any]) -> str:
    """Return the table and what it says, in Markdown."""
    lines = [f"| {' | '.join(COLUMNS)} |", f"|{'---|' * len(COLUMNS)}"]
    lines += [f"| {' | '.join(row)} |" for row in rows(record)]
    return "\n".join([*lines, "", *_words(record), ""])


def fills_markdown(record: dict[str, Any], before: dict[str, Any]) -> str:
    """Return what filling twice gave on the pairs on which the number of fills was chosen, from its own record."""
    means = [
        f"{each['name']}, {hole}: {found['holes'][hole]['mean']:.2f}"
        for each in before["sets"]
        for hole in each["covered"]
        for found in each["methods"]
        if found["method"] == "mask"
    ]
    same = "the same" if before["sha256"] == record["sha256"] else "other"
    return (
        "How often the image is filled, and that 4 pixels around the mask are left out, was chosen on pairs of another "
        f"seed ({before['seed']}): there, {same} weights gave means of {'; '.join(means)} with `fills: 2`.\n"
    )


def text_lines(record: dict[str, Any]) -> list[str]:
    """Return the table as lines of text."""
    return ["; ".join(row) for row in (list(COLUMNS), *rows(record))]


def met(record: dict[str, Any]) -> list[tuple[str, str, str, bool]]:
    """Return set, hole, way, and whether the mean in the ring is within the goal, of every row."""
    return [
        (each["name"], hole, method["method"], method["holes"][hole]["mean"] <= record["goal_px"])
        for each in record["sets"]
        for hole in each["covered"]
        for method in each["methods"]
    ]


def _words(record):
    low, high = record["ring_px"]
    sets = ", ".join(
        f"{each['what']} with fields of {each['length_px']:.1f} pixels on average" for each in record["sets"]
    )
    goals = met(record)
    names = dict.fromkeys(row[2] for row in goals)
    kept = {name: [ok for _, _, method, ok in goals if method == name] for name in names}
    said = "; ".join(f"{name} in {sum(found)} of {len(found)}" for name, found in kept.items())
    ways = "; ".join(f"{method['method']}: {method['what']}" for method in record["sets"][0]["methods"])
    return [
        f"{record['pairs']} pairs of each: {sets}. Moved: how far the fields with and without the hole lie apart, at "
        f"pixels {low:g} to {high:g} pixels outside of it. Ways: {ways}.",
        "",
        f"Within {record['goal_px']:g} pixels on average of a row: {said}. Network {record['model']}, "
        f"seed {record['seed']}. {measured_on(record)}",
    ]
