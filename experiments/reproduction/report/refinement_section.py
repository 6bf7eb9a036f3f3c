"""Recurrent refinement, from the records of `python -m experiments.evaluate RUN --refine`."""

from __future__ import annotations

from dirv_tf.metrics.names import FINEST, METRIC_NAMES, REDUCTIONS
from dirv_tf.report.document import Section, Table
from experiments.reproduction.refinement import VARIANTS
from experiments.reproduction.report.records import number, origin, read_record

_KEYS = ("run", "pairs", "size", "rounds_at_most", "batch", "date", "versions", "hardware")
_VARIANT_KEYS = ("name", "what", "l_int", "dl_int_finest", "rounds", "seconds", "time_ratio")
_TITLE = "Recurrent refinement"
_INTRODUCTION = (
    "The registered image is registered again as long as that helps, and the fields are composed (thesis 5.8). "
    "The column \"stops by\" names what must fall: the mean absolute difference of the images (the intensity "
    "error, the library's default) or the standard deviation of their difference (the thesis's). The thesis "
    "warps the registered image again every round, which blurs it a little more each time and soon ends the "
    "rounds; warping the original once by the composed field goes further. The thesis, on its run E-5: L_int "
    "3.35 registered once, 2.24 with images that stop on their own (20 times the time, 2.5 to 3.8 rounds), "
    "2.47 with batches of 20 (4 times the time)."
)


def refinement_section(folder):
    """Return the section of all records in a folder.

    Parameters
    ----------
    folder : Path
        Of JSON files, one per run; it need not exist.

    Returns
    -------
    Section

    Raises
    ------
    BrokenRecord
        When a record cannot be read or lacks something.
    """
    records = [read_record(path, _KEYS, "variants", _VARIANT_KEYS) for path in sorted(folder.glob("*.json"))]
    if not records:
        return Section(_TITLE, [_INTRODUCTION, "Not measured yet: make evaluate RUN=A-6 ARGS=--refine."])
    rows = [_row(record, variant) for record in records for variant in record["variants"]]
    names = {variant["name"]: variant["what"] for record in records for variant in record["variants"]}
    # A record keeps the words of its day; older ones called a stop by the intensity error the thesis's.
    names.update({name: VARIANTS[name].what for name in names if name in VARIANTS})
    explained = "; ".join(f"\"{name}\": {what}" for name, what in names.items())
    return Section(_TITLE, [_INTRODUCTION, Table(rows, f"Finest level, unseen pairs. {explained}.")])


def _row(record, variant):
    # Once per record is enough.
    first = variant is record["variants"][0]
    return {
        "run": record["run"],
        "registered": variant["name"],
        "stops by": _rule(variant).replace("_", " "),
        METRIC_NAMES["l_int"].heading: number(variant["l_int"], 2),
        METRIC_NAMES["l_dis"].heading: number(variant.get("l_dis"), 3),
        **{metric.heading: number(variant.get(metric.key + FINEST)) for metric in REDUCTIONS},
        "rounds kept": number(variant["rounds"], 2),
        "time to once": f"{number(variant['time_ratio'])} ×",
        "pairs": f"{record['pairs']:,} of {'×'.join(map(str, record['size']))}" if first else "",
        "most rounds, batch": f"{record['rounds_at_most']}, {record['batch']}" if first else "",
        "measured": origin(record) if first else "",
    }


def _rule(variant):
    # Records made before there were two rules have none: they stopped by the intensity error.
    rule = variant.get("stop_rule", None if variant["name"] == "once" else "intensity_error")
    return rule or "–"
