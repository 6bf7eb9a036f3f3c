"""Writes the report: `index.html`, which holds its pictures, and `report.md` with pictures beside it."""

from __future__ import annotations

import base64
import html
import io
from pathlib import Path

import matplotlib.image

from dirv_tf.io.atomic_write import atomic_path, write_text
from dirv_tf.report.pictures import run_pictures
from dirv_tf.report.run_record import find_runs
from dirv_tf.report.run_table import markdown_table, run_rows, used_columns
from dirv_tf.training.thesis_table import THESIS_TABLE, thesis_row, thesis_rows

_INTRODUCTION = (
    "ΔL_int and ΔL_dis are the shares of the initial intensity and displacement error that were removed on unseen "
    "pairs, in percent. The thesis averages them over the pyramid levels; networks of different numbers of levels "
    "compare by the finest level. A row marked \"not run\" waits for somebody to run it."
)
_STYLE = """
:root { color-scheme: light dark; }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 95rem; margin: 2rem auto; padding: 0 1rem; }
table { border-collapse: collapse; font-size: 13px; margin: 1rem 0; display: block; overflow-x: auto; }
th, td { padding: .3rem .6rem; border-bottom: 1px solid #8885; text-align: left; vertical-align: top; }
td { font-variant-numeric: tabular-nums; white-space: nowrap; }
tr.waiting { opacity: .55; }
figure { margin: 1rem 0; } figure img { max-width: 100%; background: white; border-radius: 4px; }
figcaption { font-size: 13px; opacity: .8; } summary { cursor: pointer; font-weight: 600; margin: .5rem 0; }
"""


def write_report(paths, output, pictures=True, say=print):
    """Write the report on some runs.

    Parameters
    ----------
    paths : iterable of str or Path
        Folders of runs, or folders that hold such folders.
    output : str or Path
        Folder for `index.html`, `report.md` and `pictures/`; files of an older report are replaced.
    pictures : bool
        Whether to draw curves and, where weights are at hand, images and learned functions.
    say : callable
        Says a line of text.

    Returns
    -------
    Path
        The HTML page.

    Raises
    ------
    FileNotFoundError
        When there is no run in a path.
    ValueError
        When a file of a run is damaged.
    """
    runs, output = find_runs(paths), Path(output)
    tables = _tables(runs)
    drawn = {}
    for number, run in enumerate(runs if pictures else (), start=1):
        say(f"{number} of {len(runs)}: pictures of {run.title}")
        drawn[run.path] = [(title, _png(picture)) for title, picture in run_pictures(run)]
    for run in runs:
        for index, (_, content) in enumerate(drawn.get(run.path, ())):
            with atomic_path(output / _picture_name(run, index)) as temporary:
                temporary.write_bytes(content)
    write_text(output / "report.md", _markdown(runs, tables, drawn))
    write_text(output / "index.html", _html(runs, tables, drawn))
    return output / "index.html"


def _tables(runs):
    """Rows by heading: the thesis's tables where its table is at hand (in a checkout), then all other runs."""
    tables, names = {}, []
    if THESIS_TABLE.is_file():
        for row in thesis_rows():
            if row["run"] not in names:
                names.append(row["run"])
                rows = run_rows([run for run in runs if run.name == row["run"]], thesis_row(row["run"]))
                tables.setdefault(f"Thesis table {row['table']}", []).extend(rows)
    others = [run for run in runs if run.name not in names]
    if others:
        tables["Other runs"] = run_rows(others)
    return tables


def _markdown(runs, tables, drawn):
    lines = ["# Runs", "", _INTRODUCTION, ""]
    for heading, rows in tables.items():
        lines += [f"## {heading}", "", *markdown_table(rows), ""]
    for run in runs:
        lines += [f"## {run.title}", "", _description(run), ""]
        for index, (title, _) in enumerate(drawn.get(run.path, ())):
            lines += [f"![{run.title}: {title}]({_picture_name(run, index)})", ""]
    return "\n".join(lines)


def _html(runs, tables, drawn):
    parts = [f"<!DOCTYPE html><html lang=en><meta charset=utf-8><title>dirv_tf: runs</title><style>{_STYLE}</style>"]
    parts += ["<h1>Runs</h1>", f"<p>{html.escape(_INTRODUCTION)}</p>"]
    for heading, rows in tables.items():
        columns = used_columns(rows)
        parts += [f"<h2>{heading}</h2><table><tr>", *(f"<th>{html.escape(column)}</th>" for column in columns), "</tr>"]
        for row in rows:
            kind = "" if row["data"] else " class=waiting"
            cells = (f"<td>{html.escape(row[column])}</td>" for column in columns)
            parts += [f"<tr{kind}>", *cells, "</tr>"]
        parts.append("</table>")
    for run in runs:
        parts += [f"<details><summary>{html.escape(run.title)}</summary><p>{html.escape(_description(run))}</p>"]
        for title, content in drawn.get(run.path, ()):
            source = f"data:image/png;base64,{base64.b64encode(content).decode()}"
            name = html.escape(title)
            parts.append(f'<figure><img src="{source}" alt="{name}"><figcaption>{name}</figcaption></figure>')
        parts.append("</details>")
    return "\n".join(parts) + "\n"


def _description(run):
    versions, hardware = run.record.get("versions", {}), run.record.get("hardware", {})
    facts = [
        run.config.get("description", ""),
        f"seeds {run.config['seeds']['training']} (training) and {run.config['seeds']['testing']} (test)",
        f"TensorFlow {versions.get('tensorflow', 'unknown')}",
        f"{hardware.get('cores', '?')} cores of {hardware.get('processor', 'unknown')}, "
        f"{', '.join(hardware.get('gpus', ())) or 'no GPU'}",
    ]
    return "; ".join(filter(None, facts)) + "."


def _picture_name(run, index):
    return f"pictures/{run.path.name}-{index}.png"


def _png(picture):
    buffer = io.BytesIO()
    matplotlib.image.imsave(buffer, picture, format="png")
    return buffer.getvalue()
