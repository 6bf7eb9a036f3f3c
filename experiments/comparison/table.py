"""The comparison as a table, on the terminal and as Markdown."""

from __future__ import annotations

from dirv_tf.metrics.names import FINEST, REDUCTIONS
from dirv_tf.training.execution.environment import hardware_line


def markdown(result):
    """Write a comparison down as a Markdown page.

    Parameters
    ----------
    result : dict
        What classical.json holds.

    Returns
    -------
    str
    """
    versions = ", ".join(f"{name} {version}" for name, version in result["versions"].items())
    lines = [
        "# Classical methods and networks on the same pairs",
        "",
        f"{result['date']}, {hardware_line(result['hardware'])}; {versions}.",
        "",
        "Shares of the initial errors that were removed, on the finest level, in percent. The classical methods were "
        "tuned on other pairs (`search.json`) and ran on one core; networks used what TensorFlow takes, one pair at a "
        "time.",
    ]
    for entry in result["sets"]:
        lines += ["", f"## {entry['name']}: {entry['what']}", "", f"{entry['pairs']} pairs.", ""]
        labels = " | ".join(metric.label for metric in REDUCTIONS)
        lines += [f"| method | {labels} | seconds per pair | of processor time | settings |"]
        lines += ["|---|---|---|---|---|---|"]
        lines += [f"| {' | '.join(_cells(row))} |" for row in entry["methods"]]
    return "\n".join(lines) + "\n"


def text_lines(entry):
    """Write one set's rows down for the terminal."""
    headings = "".join(f"{heading:>10}" for heading in (*(each.heading for each in REDUCTIONS), "s / pair", "CPU s"))
    lines = [f"  {'method':18}{headings}"]
    for row in entry["methods"]:
        name, *numbers, _ = _cells(row)
        lines.append(f"  {name:18}" + "".join(f"{number:>10}" for number in numbers))
    return lines


def _cells(row):
    return [
        row["name"],
        *(f"{row[metric.key + FINEST]:.1f}" for metric in REDUCTIONS),
        f"{row['seconds_per_pair']:.3f}",
        f"{row['cpu_seconds_per_pair']:.3f}",
        settings_text(row["settings"]),
    ]


def settings_text(settings: dict) -> str:
    """Return the settings of a method in words: "iterations 40, grid 8-16"."""
    return ", ".join(f"{name} {_text(value)}" for name, value in settings.items())


def _text(value):
    return "-".join(map(str, value)) if isinstance(value, (list, tuple)) else str(value)
