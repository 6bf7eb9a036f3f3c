"""The row of a test beside the run's own record and its reference, and whether they agree."""

from __future__ import annotations

from dirv_tf.metrics.names import FINEST, LEVEL_METRICS, REDUCTIONS

# In percentage points: other processors and libraries add floating point numbers in another order.
TOLERANCE = 0.05
JUDGED = tuple(metric.key + suffix for suffix in ("", FINEST) for metric in REDUCTIONS)


def largest_difference(measured, recorded):
    """Return the figure in which a test and a record differ most, and by how much.

    Parameters
    ----------
    measured, recorded : dict of str to float
        Test metrics by name.

    Returns
    -------
    pair of str and float
        Name and absolute difference in percentage points.

    Raises
    ------
    ValueError
        When there is none of the reductions in the record.
    """
    common = [key for key in JUDGED if key in measured and key in recorded]
    if not common:
        raise ValueError(f"Expected a record with {' or '.join(JUDGED)}. Received: {', '.join(recorded) or 'nothing'}")
    name = max(common, key=lambda key: abs(measured[key] - recorded[key]))
    return name, abs(measured[name] - recorded[name])


def comparison_lines(measured, recorded, reference):
    """Return a table of what was measured now, what the run recorded, and what its reference says.

    Parameters
    ----------
    measured : dict of str to float
    recorded : dict of str to float or None
    reference : dict or None
        With `source`, `split` and `metrics`.

    Returns
    -------
    list of str
    """
    rows = [("measured now", measured), ("the run's record", recorded)]
    parts = (("", "mean of levels"), (FINEST, "finest level"))
    lines = [(f"{name}, {part}", values, suffix) for suffix, part in parts for name, values in rows if values]
    if reference:
        split = "" if reference["split"] == "test" else " (training)"
        lines.append((f"{reference['source']}{split}, mean of levels", reference["metrics"], ""))
    width = 2 + max(len(name) for name, *_ in lines)
    header = " " * width + "".join(f"{metric.heading:>13}" for metric in LEVEL_METRICS)
    return [header, *(_line(f"{name:{width}}", values, suffix) for name, values, suffix in lines)]


def _line(name, values, suffix):
    cells = (values.get(metric.key + suffix) for metric in LEVEL_METRICS)
    return name + "".join(f"{'–' if value is None else f'{value:.2f}':>13}" for value in cells)
