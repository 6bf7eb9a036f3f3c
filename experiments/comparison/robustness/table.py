"""The robustness sheet as a table, on the terminal and as Markdown."""

from __future__ import annotations

from dirv_tf.training.execution.environment import hardware_line


def markdown(record: dict) -> str:
    """Write a record down as a Markdown page."""
    versions = ", ".join(f"{name} {version}" for name, version in record["versions"].items())
    return "\n".join(
        [
            "# Robustness",
            "",
            f"{record['date']}, {hardware_line(record['hardware'])}; {versions}.",
            "",
            f"{record['pairs']} pairs of {' x '.join(map(str, record['size']))}, network {record['network']}. Share of "
            "the endpoint error that is removed, in percent, and folded pixels in percent.",
            "",
            variants_table(record),
        ]
    )


def variants_table(record: dict) -> str:
    """Return one row per variant, two columns per method: what was removed, and folds."""
    names = list(record["variants"][0]["columns"])
    titles = ["change of the moving image", "initial error, px"]
    titles += [title for name in names for title in (f"{name}: removed %", "folded %")]
    lines = [f"| {' | '.join(titles)} |", f"|{'---|' * len(titles)}"]
    for row in record["variants"]:
        cells = [
            cell
            for name in names
            for cell in (
                f"{row['columns'][name]['removed_percent']:.1f}", f"{row['columns'][name]['folded_percent']:.3f}",
            )
        ]
        lines.append(f"| {' | '.join([row['name'], format(row['initial_px'], '.2f'), *cells])} |")
    return "\n".join(lines) + "\n"


def text_line(row: dict) -> str:
    """Write one variant down for the terminal."""
    columns = (f"{name} {measured['removed_percent']:.1f} %" for name, measured in row["columns"].items())
    return f"  removed: {', '.join(columns)}"
