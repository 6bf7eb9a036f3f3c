"""The one table of metrics: key, label, unit, and whether the true field must be known.

Read by all that shows a metric to people: progress lines, result tables, reports, learning curves, TensorBoard and the
command line. Keys are those of logs, records and cards of weights. A metric of the pyramid levels has further keys:
``dl_dis`` is the mean of the levels as in the thesis, ``dl_dis_finest`` the finest level alone, ``dl_dis_level0``, ...
every level, and one of labels ``dice_label1``, ... of every label. What ends in ``_before`` is of the zero field. Keras
puts ``val_`` before the key of a validation.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

VALIDATION_PREFIX = "val_"
FINEST = "_finest"
BEFORE = "_before"
MEAN_OF_LEVELS = "average of the levels"


class MetricName(NamedTuple):
    """What a metric is called.

    Attributes
    ----------
    key : str
        In logs, records and cards of weights.
    label : str
        Short, for tables and figures.
    description : str
        In words.
    unit : str
        "%", "px", "× 255" (gray levels of images in [0, 1]), or empty.
    needs_true_field : bool
        Whether it exists for pairs of known fields only.
    per_level : bool
        Whether there are also keys of the finest and of every level.
    annotation : str
        What must be drawn on the images: "labels", "landmarks", or nothing.

    Examples
    --------
    >>> from dirv_tf.metrics import METRIC_NAMES
    >>> METRIC_NAMES["dl_dis"].heading, METRIC_NAMES["dl_dis"].title, METRIC_NAMES["folded_percent"].text(0.25)
    ('ΔL_dis %', 'ΔL_dis (%)', 'folded 0.250 %')
    """

    key: str
    label: str
    description: str
    unit: str
    needs_true_field: bool
    per_level: bool = False
    annotation: str = ""

    @property
    def heading(self) -> str:
        """Label and unit, over a column of a table."""
        return f"{self.label} {self.unit}".rstrip()

    @property
    def title(self) -> str:
        """Label and unit, over a figure."""
        return f"{self.label} ({self.unit})" if self.unit else self.label

    @property
    def before(self) -> str:
        """The key of the same without registration."""
        return f"{self.key}{BEFORE}"

    def text(self, value: float, digits: int = 3) -> str:
        """Return label, value and unit, in a sentence."""
        return f"{self.label} {value:.{digits}f} {self.unit}".rstrip()


_TABLE = (
    MetricName("l_int", "L_int", "intensity loss", "× 255", needs_true_field=False, per_level=True),
    MetricName("l_dis", "L_dis", "displacement loss", "px", needs_true_field=True, per_level=True),
    MetricName("dl_int", "ΔL_int", "intensity reduction", "%", needs_true_field=False, per_level=True),
    MetricName("dl_dis", "ΔL_dis", "displacement reduction", "%", needs_true_field=True, per_level=True),
    MetricName("endpoint_error", "endpoint error", "endpoint error", "px", needs_true_field=True),
    MetricName("endpoint_error_initial", "endpoint error before", "endpoint error of the zero field", "px", True),
    MetricName("folded_percent", "folded", "folded pixels", "%", needs_true_field=False),
    MetricName("calibration_error", "calibration error", "expected calibration error", "px", needs_true_field=True),
    MetricName("coverage_90", "within 90 % interval", "errors within the 90 % interval", "%", needs_true_field=True),
    MetricName("log_density", "log density", "mean log density of the errors", "", needs_true_field=True),
    MetricName("standard_deviation", "σ", "predicted standard deviation", "px", needs_true_field=False),
    MetricName("dice", "Dice", "Dice coefficient of labels", "", False, annotation="labels"),
    MetricName("dice_before", "Dice before", "Dice coefficient of labels before", "", False, annotation="labels"),
    MetricName("tre", "TRE", "target registration error of landmarks", "px", False, annotation="landmarks"),
    MetricName("tre_before", "TRE before", "target registration error before", "px", False, annotation="landmarks"),
)
METRIC_NAMES = {metric.key: metric for metric in _TABLE}
# Losses and reductions, in the order in which tables and figures show them.
LEVEL_METRICS = tuple(metric for metric in _TABLE if metric.per_level)
REDUCTIONS = tuple(metric for metric in LEVEL_METRICS if metric.unit == "%")
# What is shown beside its value before the registration, where something is drawn on the images.
ANNOTATED = tuple(metric for metric in _TABLE if metric.annotation and not metric.key.endswith(BEFORE))


def level_suffixes(levels: int) -> tuple[str, ...]:
    """Return what follows the key of a metric of the pyramid levels.

    Parameters
    ----------
    levels : int
        Number of pyramid levels.

    Returns
    -------
    tuple of str
        "" for the mean of the levels, "_finest", and "_level0", ... from coarse to fine.

    Examples
    --------
    >>> from dirv_tf.metrics import level_suffixes
    >>> level_suffixes(2)
    ('', '_finest', '_level0', '_level1')
    """
    return ("", FINEST, *(f"_level{level}" for level in range(levels)))


def label_suffixes(labels: Sequence[int]) -> tuple[str, ...]:
    """Return what follows the key of a metric of labels: "" for their mean, and "_label1", ... for every one.

    Parameters
    ----------
    labels : sequence of int

    Returns
    -------
    tuple of str

    Examples
    --------
    >>> from dirv_tf.metrics import label_suffixes
    >>> label_suffixes([1, 4])
    ('', '_label1', '_label4')
    """
    return ("", *(f"_label{label}" for label in labels))


def metric_name(key: str) -> tuple[MetricName, str] | None:
    """Look a key up, with or without the suffix of a level or label.

    Parameters
    ----------
    key : str
        Without the prefix of validations.

    Returns
    -------
    pair of MetricName and str, or None
        The metric, and in words which levels or label the key is of: "average of the levels", "finest level",
        "level 0", ..., "label 1", ..., or nothing for a metric without. None for a key that is not in the table.

    Examples
    --------
    >>> from dirv_tf.metrics import metric_name
    >>> metric, levels = metric_name("dl_dis_level1")
    >>> metric.label, levels
    ('ΔL_dis', 'level 1')
    """
    if key in METRIC_NAMES:
        return METRIC_NAMES[key], MEAN_OF_LEVELS if METRIC_NAMES[key].per_level else ""
    match = re.fullmatch(r"(.+?)_(?:(finest)|level(\d+)|label(\d+))", key)
    metric = METRIC_NAMES.get(match[1]) if match else None
    if match is None or metric is None or not (metric.annotation == "labels" if match[4] else metric.per_level):
        return None
    if match[4]:
        return metric, f"label {match[4]}"
    return metric, "finest level" if match[2] else f"level {match[3]}"


def needs_true_field(key: str) -> bool:
    """Return whether a metric exists for pairs of known fields only.

    Parameters
    ----------
    key : str
        Of the table, with or without the suffix of a level; a KeyError for another.

    Returns
    -------
    bool

    Examples
    --------
    >>> from dirv_tf.metrics import needs_true_field
    >>> needs_true_field("dl_dis_finest"), needs_true_field("folded_percent")
    (True, False)
    """
    found = metric_name(key)
    if found is None:
        raise KeyError(f"Expected a metric of the table: {', '.join(METRIC_NAMES)}. Received: key={key!r}")
    return found[0].needs_true_field
