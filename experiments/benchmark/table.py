"""The benchmark's table, on the terminal and as Markdown."""

from __future__ import annotations

from dirv_tf.training.execution.environment import hardware_line


def markdown(result):
    """Write a result down as a Markdown page.

    Parameters
    ----------
    result : dict
        With `rows`, `targets`, `date`, `versions`, `hardware`, `plan`, `seconds`.

    Returns
    -------
    str
    """
    versions = ", ".join(f"{name} {version}" for name, version in result["versions"].items())
    lines = [
        "# Benchmark",
        "",
        f"{result['date']}, {hardware_line(result['hardware'])}; {versions}. "
        f"Plan: {result['plan'].name}, {result['seconds'] / 60:.1f} minutes.",
        "",
        "Candidates of one table were measured by turns (A B C A B C ...). \"over dirv_tf's\": the time over that of "
        "dirv_tf in the same turn, median (quartiles).",
        "",
        "![Times, parts and growth](benchmark.png)",
        "",
        "## Targets",
        "",
        "| target | measured | |",
        "|---|---|---|",
        *(f"| {target.text} | {target.measured:.2f} | {_verdict(target)} |" for target in result["targets"]),
    ]
    for section, rows in sections(result["rows"]):
        lines += ["", f"## {section[0].upper()}{section[1:]}", ""]
        lines += ["| | median | quartiles | turns | over dirv_tf's | |", "|---|---|---|---|---|---|"]
        lines += [f"| {' | '.join(cells(row))} |" for row in rows]
    return "\n".join(lines) + "\n"


def text_lines(rows):
    """Write rows down for the terminal, a heading before every section."""
    lines = []
    for section, members in sections(rows):
        lines.append(f"  {section}")
        for row in members:
            name, median, quartiles, _turns, ratio, note = cells(row)
            lines.append(f"    {name:30s} {median:>16s}  {quartiles:20s} {ratio:24s} {note}".rstrip())
    return lines


def target_lines(judged):
    """Write targets down for the terminal."""
    return [f"  {_verdict(target):8s} {target.measured:6.2f}  {target.text}" for target in judged]


def sections(rows):
    """Return the rows by section, in their order."""
    found = {}
    for row in rows:
        found.setdefault(row.section, []).append(row)
    return list(found.items())


def cells(row):
    """Return the texts of a row: name, median, quartiles, turns, ratio, note."""
    value, ratio = row.value, row.ratio
    single = value.repetitions == 1
    quartiles = "" if single else f"{_number(value.lower_quartile)} to {_number(value.upper_quartile)}"
    compared = ""
    if ratio is not None:
        compared = f"{ratio.median:.2f}"
        if not single:
            compared += f" ({ratio.lower_quartile:.2f} to {ratio.upper_quartile:.2f})"
    return row.name, f"{_number(value.median)} {row.unit}", quartiles, str(value.repetitions), compared, row.note


def _number(value):
    return f"{value:.0f}" if abs(value) >= 100 else f"{value:.3g}"


def _verdict(target):
    return "met" if target.met else "NOT MET"
