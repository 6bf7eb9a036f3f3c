"""Recurrent refinement, from the records of `python -m experiments.evaluate RUN --refine`."""

from __future__ import annotations

from dirv_tf.report.document import Section, Table
from experiments.report.records import number, origin, read_record

_KEYS = ("run", "pairs", "size", "rounds_at_most", "batch", "date", "versions", "hardware")
_VARIANT_KEYS = ("name", "what", "l_int", "dl_int_finest", "rounds", "seconds", "time_ratio")
_INTRODUCTION = (
    "The registered image is registered again as long as the intensity error falls, and the fields are composed "
    "(thesis 5.8). The thesis warps the registered image again every round, which blurs it a little more each time and "
    "soon ends the rounds; warping the original once by the composed field goes further. The thesis, on its run E-5: "
    "L_int 3.35 registered once, 2.24 with images that stop on their own (20 times the time, 2.5 to 3.8 rounds), 2.47 "
    "with batches of 20 (4 times the time)."
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
    section = Section("Recurrent refinement", [_INTRODUCTION])
    for path in sorted(folder.glob("*.json")):
        record = read_record(path, _KEYS, "variants", _VARIANT_KEYS)
        size = "×".join(map(str, record["size"]))
        rows = [_row(variant) for variant in record["variants"]]
        caption = (
            f"{record['pairs']:,} unseen pairs of {size}, at most {record['rounds_at_most']} rounds, finest level. Time: "
            f"in batches of {record['batch']}, against registering once. " + origin(record)
        )
        section.blocks.append(Section(f"Refinement with {record['run']}", [Table(rows, caption)]))
    if len(section.blocks) == 1:
        section.blocks.append("Not measured yet: make evaluate RUN=A-6 ARGS=--refine.")
    return section


def _row(variant):
    return {
        "registered": variant["name"],
        "what": variant["what"],
        "L_int": number(variant["l_int"], 2),
        "L_dis px": number(variant.get("l_dis"), 3),
        "ΔL_int %": number(variant["dl_int_finest"]),
        "ΔL_dis %": number(variant.get("dl_dis_finest")),
        "rounds kept": number(variant["rounds"], 2),
        "time": f"{number(variant['time_ratio'])} ×",
    }
