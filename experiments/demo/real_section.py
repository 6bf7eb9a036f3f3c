"""The demo's first section: real pairs, registered by `dirv_tf.register` as it is."""

from __future__ import annotations

from pathlib import Path
from textwrap import fill

from dirv_tf.io.atomic_write import write_csv
from dirv_tf.metrics.names import METRIC_NAMES
from dirv_tf.report.document import Section, Table
from experiments.demo.landmark_errors import landmark_errors
from experiments.demo.real_picture import real_picture

CSV_NAME = "real_pairs.csv"
CSV_COLUMNS = (
    "pair",
    "fixed",
    "moving",
    "given",
    "size",
    "aligned",
    "method",
    "similarity_before",
    "similarity_after",
    "landmarks",
    "rtre_median_before",
    "rtre_median_after",
    "inside_percent",
    "folded_percent",
    "seconds",
    "warnings",
)
_ALIKE = (
    "Alike: mean squared correlation in small neighborhoods, 1 where one image is a linear function of the other "
    "around every pixel; unrelated images come to 0.1 to 0.2. Neighboring sections differ in content too."
)
_RTRE = (
    "rTRE: the distance of a landmark from where it belongs over the diagonal of the fixed image, of a pair the median."
)
_INTRODUCTION = (
    "Registered by dirv_tf.register(fixed, moving), without a model or options. Nobody knows the true field of these."
)
_READING = (
    "The pictures, above what was given, below what was found: the fixed image and its grid as it lies in the "
    "moving one; the moving and the registered image; the fixed image in magenta over the other one in green; both "
    "by turns on a checkerboard, on which vessels and borders go on from square to square where the pair fits. "
    "Blue-gray: beyond the moving image. Last, where there are any, landmarks that experts placed: where the fixed "
    "image's ones are found in the moving image (orange) and where they are (blue)."
)
_WIDTH = 115


def real_section(pairs, register, page):
    """Register real pairs, print a row for each, write their pictures and the table.

    Parameters
    ----------
    pairs : sequence of DemoPair
    register : TimedRegistration
    page : DemoPage

    Returns
    -------
    Section
    """
    print("Real pairs, registered by dirv_tf.register(fixed, moving) with its defaults.\n")
    print(_line("", "", "alike", "median rTRE", METRIC_NAMES["folded_percent"].label, "time"))
    print(_line("fixed and moving", "size", "before  after", "before   after", "%", "s"))
    rows, sections = [], []
    for pair in pairs:
        result = register(*pair.images)
        errors = None if pair.landmarks is None else landmark_errors(pair.landmarks, result.flow_field)
        row = _row(pair, result, errors)
        picture = page.add(
            pair.name,
            f"Moving image {pair.given}",
            f"{_capital(_how(row))}; {_verdict(row)}.",
            real_picture(f"{pair.title}: {_how(row)}{', with warnings' if row['warnings'] else ''}", result, errors),
        )
        rows.append(row)
        sections.append(Section(_capital(pair.title), [picture]))
        print(_line(pair.title, row["size"], *_numbers(row)))
        print(f"    moving image {pair.given}\n    {_how(row)}; {_verdict(row)}", flush=True)
    write_csv(Path(page.folder) / CSV_NAME, CSV_COLUMNS, rows)
    note = f"{_ALIKE} {_RTRE}" if any("landmarks" in row for row in rows) else _ALIKE
    print("\n" + fill(note, _WIDTH))
    return Section("Real pairs", [_INTRODUCTION, Table([_cells(row) for row in rows], note), _READING, *sections])


def _row(pair, result, errors):
    quality = result.quality
    row = {
        "pair": pair.title,
        "fixed": pair.files[0],
        "moving": pair.files[1],
        "given": pair.given,
        "size": " x ".join(map(str, result.size)),
        "aligned": "no" if result.alignment is None or result.alignment.is_identity else result.alignment.transform,
        "method": result.model_name,
        "similarity_before": quality.similarity_before,
        "similarity_after": quality.similarity_after,
        "inside_percent": 100 * quality.support,
        "folded_percent": quality.folded_percent,
        "seconds": result.seconds,
        "warnings": "; ".join(quality.warnings),
    }
    if errors is not None:
        row.update({f"rtre_median_{when}": median for when, median in errors.median.items()})
        row["landmarks"] = len(errors.true)
    return row


def _how(row):
    aligned = "not aligned" if row["aligned"] == "no" else f"aligned ({row['aligned']})"
    return f"{aligned}, {row['method']}"


def _capital(text):
    return text[:1].upper() + text[1:]


def _verdict(row):
    return f"warning: {row['warnings']}" if row["warnings"] else "nothing speaks against it"


def _numbers(row):
    errors = ""
    if "landmarks" in row:
        errors = f"{row['rtre_median_before']:.4f}  {row['rtre_median_after']:.4f}"
    return (
        f"{row['similarity_before']:.2f}   {row['similarity_after']:.2f}",
        errors,
        f"{row['folded_percent']:.3f}",
        f"{row['seconds']:.1f}",
    )


def _cells(row):
    errors = ""
    if "landmarks" in row:
        errors = f"{row['rtre_median_before']:.4f} → {row['rtre_median_after']:.4f}"
    return {
        "fixed and moving": row["pair"],
        "moving image": row["given"],
        "size": row["size"],
        "how": _how(row),
        "alike": f"{row['similarity_before']:.2f} → {row['similarity_after']:.2f}",
        "landmarks": str(row.get("landmarks", "")),
        "median rTRE": errors,
        METRIC_NAMES["folded_percent"].label: f"{row['folded_percent']:.3f} %",
        "time": f"{row['seconds']:.1f} s",
        "verdict": _verdict(row),
    }


def _line(pair, size, alike, errors, folded, seconds):
    return f"{pair:<31} {size:<15} {alike:>13}  {errors:>14}  {folded:>6}  {seconds:>5}".rstrip()
