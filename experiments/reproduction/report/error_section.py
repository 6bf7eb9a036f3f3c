"""What shipped networks leave of the errors, from the record of `python -m experiments.studies.error_analysis`."""

from __future__ import annotations

from dirv_tf.report.document import Section, Table
from experiments.reproduction.report.records import read_record
from experiments.studies.error_page import origin, tables

TITLE = "What is left of the errors"
_KEYS = ("date", "versions", "hardware")
_RUN_KEYS = ("run", "pairs", "l_int", "relative", "leakage", "place", "length", "correlation")
_CAPTIONS = {
    "spread": "Standard deviations of L_int (× 255), before → after; the thesis reports 2 to 3 times less.",
    "relative": "Errors as shares of those of no registration; the worst pair and the mean are 55 % and 12 % in the "
    "thesis for fields, 95 % and 15 % for intensities (7.1).",
    "leakage": "Of fields along one axis: the mean length that is found along the other, as a share of the true one "
    "(thesis 7.2, Fig. 19).",
    "place": "Mean error at the control points by their distance to the border.",
    "length": "Mean error at the control points by the length of their true vector.",
    "correlation": "Correlation of L_int and L_dis over the pairs (thesis 7.2).",
}


def error_section(path):
    """Return the section of the error analysis.

    Parameters
    ----------
    path : Path
        The JSON file; it need not exist.

    Returns
    -------
    Section

    Raises
    ------
    BrokenRecord
        When the record cannot be read or lacks something.
    """
    if not path.exists():
        return Section(TITLE, ["Not measured yet: make error-analysis."])
    record = read_record(path, _KEYS, "runs", _RUN_KEYS)
    blocks = [Table(rows, _CAPTIONS[name]) for name, rows in tables(record).items()]
    return Section(TITLE, [f"Measured on the finest level, vectors at the control points. {origin(record)}", *blocks])
