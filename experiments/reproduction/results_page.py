"""The documentation's tables of runs and of the own call: `python -m experiments.reproduction.results_page`.

The page holds prose around a block between two marks; the block alone is written. A test compares it with the records.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from dirv_tf.metrics.names import FINEST, METRIC_NAMES, REDUCTIONS
from dirv_tf.report import find_runs
from dirv_tf.report.run_record import RunRecord
from dirv_tf.training.execution.environment import hardware_line
from experiments.folders import CHECKOUT, RECORDS
from experiments.reproduction.thesis_table import thesis_reference
from experiments.written_page import WrittenPage

ONE_CALL = RECORDS / "one_call" / "images" / "classical.json"
_COLUMNS = (
    "run", "preset", "parameters", "trained on", "tested on", "mean length",
    *(METRIC_NAMES[key].label for key in ("l_int", "l_dis")), " / ".join(metric.label for metric in REDUCTIONS),
    "finest level", METRIC_NAMES["folded_percent"].heading, "thesis", "hours:minutes", "machine",
)


def runs_table(results: Path = RECORDS) -> str:
    """Return the table of all committed runs in Markdown.

    Parameters
    ----------
    results : path
        The folder of the records.

    Returns
    -------
    str
        One row per run, with a line break at the end.
    """
    rows = [_row(run) for run in find_runs([results])]
    lines = [f"| {' | '.join(_COLUMNS)} |", f"|{'---|' * len(_COLUMNS)}"]
    return "\n".join([*lines, *(f"| {' | '.join(row)} |" for row in rows)]) + "\n"


def one_call_table(record: Path = ONE_CALL) -> str:
    """Return the table of the library's own call beside the best networks alone, in Markdown.

    Parameters
    ----------
    record : path
        The file classical.json of ``python -m experiments.comparison --without-classical``.

    Returns
    -------
    str
        One row per set of pairs, and where it was measured.
    """
    result = json.loads(record.read_text(encoding="utf-8"))
    ways = ("best-2d / best-3d", "register, fast", "register")
    lines = [f"| pairs | {' | '.join(ways)} |", "|---|" + "---|" * len(ways)]
    for entry in result["sets"]:
        rows = {row["name"]: row for row in entry["methods"]}
        network = next(rows[name] for name in ("best-2d", "best-3d") if name in rows)
        cells = [
            " / ".join(f"{row[metric.key + FINEST]:.1f}" for metric in REDUCTIONS)
            + f", {row['cpu_seconds_per_pair']:.2f} s"
            for row in (network, *(rows[name] for name in ways[1:]))
        ]
        lines.append(f"| {entry['pairs']}: {entry['what']} | {' | '.join(cells)} |")
    return "\n".join([*lines, "", f"{result['date'][:10]}, {hardware_line(result['hardware'])}."]) + "\n"


def _row(run: RunRecord) -> list[str]:
    test, record, data = run.test or {}, run.record, run.config["data"]
    hardware, seconds = record["hardware"], int(record["seconds"])
    return [
        run.name,
        run.preset or ("full" if thesis_reference(run.name) else "own"),
        f"{record['parameters']:,}",
        _training(run),
        f"{_test_pairs(run):,} of {_size(data.get('test_size') or data['size'])}",
        f"{test['endpoint_error_initial']:.2f} px" if "endpoint_error_initial" in test else "",
        f"{_initial(test, 'l_int'):.1f} → {test['l_int']:.2f}",
        f"{_initial(test, 'l_dis'):.2f} → {test['l_dis']:.2f}" if "l_dis" in test else "",
        f"{test['dl_int']:.1f} / {test['dl_dis']:.1f}",
        f"{test['dl_int' + FINEST]:.1f} / {test['dl_dis' + FINEST]:.1f}",
        f"{test['folded_percent']:.3f}",
        _thesis(run),
        f"{seconds // 3600}:{seconds % 3600 // 60:02d}",
        f"{hardware['cores']} core{'s' * (hardware['cores'] > 1)}, {hardware['processor'].split('(')[0].strip()}",
    ]


def _training(run):
    data, training = run.config["data"], run.config["training"]
    start = run.record.get("started_from")
    begun = f"{start['name']}'s weights, then " if start else ""
    patches = data.get("patches_per_image", 1) if data.get("patch_size") else 1
    count = data.get("train_images")
    # How many pairs a folder gives is known from its files alone.
    pairs = f"{count * patches:,}" if count else f"patches of {len(run.record['files']['train'])} images"
    size = _size(data.get("patch_size") or data["size"])
    epochs = training["epochs"]
    return f"{begun}{pairs} of {size}, {epochs} epoch{'s' * (epochs > 1)}"


def _test_pairs(run):
    return json.loads((run.path / "metrics.json").read_text(encoding="utf-8"))["test_images"]


def _size(sides):
    return f"{sides[0]}{'²' if len(sides) == 2 else '³'}" if len(set(sides)) == 1 else "×".join(map(str, sides))


def _initial(test, key):
    """The error before, which the record gives by the error after and the share that was removed."""
    return test[key] / (1 - test[f"d{key}"] / 100)


def _thesis(run):
    reference = thesis_reference(run.name)
    if reference is None:
        return ""
    metrics = reference["metrics"]
    row = f"{metrics['dl_int']:.1f} / {metrics['dl_dis']:.1f}"
    return row if reference["split"] == "test" else f"{row} (training)"


PAGE = WrittenPage(
    CHECKOUT / "docs" / "results.md",
    "experiments.reproduction.results_page",
    lambda: {"runs": runs_table(), "one call": one_call_table()},
)


if __name__ == "__main__":
    sys.exit(PAGE.main())
