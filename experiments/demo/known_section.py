"""The demo's second section: images deformed by known fields, so that every error is known exactly."""

from __future__ import annotations

from pathlib import Path

from dirv_tf.io.atomic_write import write_csv
from dirv_tf.metrics.names import METRIC_NAMES
from dirv_tf.registration import measure_accuracy
from dirv_tf.report.document import Section, Table
from experiments.demo.cases import BACKGROUND, deformed_pair
from experiments.demo.known_picture import known_picture

CSV_NAME = "errors.csv"
CSV_COLUMNS = (
    "case",
    "file",
    "averaged_over",
    "size",
    "model",
    "difference_before",
    "difference_after",
    "difference_reduction_percent",
    "endpoint_error_before_px",
    "endpoint_error_after_px",
    "endpoint_error_reduction_percent",
    "folded_percent",
    "seconds",
)
_TISSUE = "averaged over the tissue; nothing can be seen to move in the black background"
_INTRODUCTION = (
    "Each image was deformed by a random affine plus non-rigid field, two pixels long on average. The deformed image "
    "is the fixed one, the original the moving one, so that the field to be found is known exactly. Nothing but "
    "the field differs, which makes these pairs easier than real ones."
)
_CAPTION = (
    "Above the images and their differences on one color scale; below the fixed image's grid on the moving image, the "
    "true and the predicted field, and the length of their difference."
)


def known_section(cases, seed, side, models, register, page):
    """Register every case, print a row for each, write their pictures and the table.

    Parameters
    ----------
    cases : sequence of Case
    seed : int
        Seed of the random fields.
    side : int or None
        Only the middle of the images, at most so many pixels along every axis.
    models : dict from rank (2, 3) to what `dirv_tf.register` takes as a model
    register : TimedRegistration
    page : DemoPage

    Returns
    -------
    Section
    """
    folded = METRIC_NAMES["folded_percent"].label
    print(f"Real images deformed by known fields (seed {seed}).\n")
    print(_line("", "", "mean |difference|, %", "mean endpoint error, px", folded, "time", ""))
    reduced = "before  after  reduced"
    print(_line("case", "size", reduced, reduced, "%", "s", "registered by"))
    rows, sections = [], []
    for case in cases:
        fixed, moving, true_flow_field = deformed_pair(case, seed, side)
        result = register(fixed, moving, models[moving.ndim])
        accuracy = measure_accuracy(result, true_flow_field, fixed > BACKGROUND if case.empty_background else None)
        title = case.title + (", metrics averaged over the tissue" if case.empty_background else "")
        figure = known_picture(title, result, true_flow_field, accuracy)
        sections.append(Section(case.title[0].upper() + case.title[1:], [page.add(case.name, title, _CAPTION, figure)]))
        rows.append(_row(case, result, accuracy))
        print(_line(*_table_cells(rows[-1])), flush=True)
    write_csv(Path(page.folder) / CSV_NAME, CSV_COLUMNS, rows)
    note = ""
    if any(case.empty_background for case in cases):
        note = f"* {_TISSUE}"
        print(f"\n{note}")
    return Section(
        "Known fields", [f"{_INTRODUCTION} Seed {seed}.", Table([_page_cells(row) for row in rows], note), *sections]
    )


def _row(case, result, accuracy):
    return {
        "case": case.title,
        "file": case.file,
        "averaged_over": "tissue" if case.empty_background else "image",
        "size": " x ".join(map(str, result.size)),
        "model": result.model_name,
        "difference_before": accuracy.difference_before,
        "difference_after": accuracy.difference_after,
        "difference_reduction_percent": accuracy.difference_reduction,
        "endpoint_error_before_px": accuracy.endpoint_error_before,
        "endpoint_error_after_px": accuracy.endpoint_error_after,
        "endpoint_error_reduction_percent": accuracy.endpoint_error_reduction,
        "folded_percent": accuracy.folded_percent,
        "seconds": result.seconds,
    }


def _name(row):
    return row["case"] + (" *" if row["averaged_over"] == "tissue" else "")


def _model(row):
    # Of a weights file, its name alone.
    return Path(row["model"]).name


def _table_cells(row):
    return (
        _name(row),
        row["size"],
        f"{100 * row['difference_before']:6.2f} {100 * row['difference_after']:6.2f}  "
        f"{row['difference_reduction_percent']:5.1f} %",
        f"{row['endpoint_error_before_px']:6.2f} {row['endpoint_error_after_px']:6.2f}  "
        f"{row['endpoint_error_reduction_percent']:5.1f} %",
        f"{row['folded_percent']:.3f}",
        f"{row['seconds']:.2f}",
        _model(row),
    )


def _page_cells(row):
    return {
        "image": _name(row),
        "size": row["size"],
        "registered by": _model(row),
        "mean |difference|": f"{100 * row['difference_before']:.2f} → {100 * row['difference_after']:.2f} %",
        "mean endpoint error": (
            f"{row['endpoint_error_before_px']:.2f} → {row['endpoint_error_after_px']:.2f} px"
        ),
        "error removed": f"{row['endpoint_error_reduction_percent']:.1f} %",
        METRIC_NAMES["folded_percent"].label: f"{row['folded_percent']:.3f} %",
        "time": f"{row['seconds']:.2f} s",
    }


def _line(case, size, difference, endpoint_error, folded, seconds, model):
    return (
        f"{case:<19} {size:<12} {difference:>23}  {endpoint_error:>23}  {folded:>6}  {seconds:>6}  {model}".rstrip()
    )
