"""The scalars on TensorBoard's page and their names: numbered groups, so that the page has an order.

TensorBoard puts scalars that share what stands before the slash under one heading and sorts headings by name. A value
has the same name in the training, the validation and the test run, so that their curves share a chart.
"""

from __future__ import annotations

import re

VALIDATION_PREFIX = "val_"
_OVERVIEW = "1 overview"
# Metric in the logs -> heading. What follows the metric's name in the logs (level, finest) names the chart.
_GROUPS = {
    "dl_dis": "2 displacement reduction (%)",
    "l_dis": "3 displacement loss (px)",
    "dl_int": "4 intensity reduction (%)",
    "l_int": "5 intensity loss (of 255)",
}
_OVERVIEW_NAMES = {
    "loss": "loss",
    "endpoint_error": "endpoint error (px)",
    "endpoint_error_initial": "endpoint error of the zero field (px)",
    "folded": "folded pixels (%)",
}
# Keras or another callback may put the learning rate into the logs; the monitor reads it from the optimizer.
_WRITTEN_ELSEWHERE = ("lr", "learning_rate")


def scalar_name(key):
    """Name a value of the training logs.

    Parameters
    ----------
    key : str
        Name in the logs, without the prefix of validation values, such as "dl_dis_finest" or "l_int_level0".

    Returns
    -------
    str
        Tag of the scalar; an unknown name comes under "1 overview" as it is.
    """
    if key in _OVERVIEW_NAMES:
        return f"{_OVERVIEW}/{_OVERVIEW_NAMES[key]}"
    match = re.fullmatch(r"(dl_dis|l_dis|dl_int|l_int)(?:_(finest|level(\d+)))?", key)
    if match is None:
        return f"{_OVERVIEW}/{key}"
    metric, part, level = match.groups()
    chart = f"level {level}" if level else {"finest": "finest level", None: "average of the levels"}[part]
    return f"{_GROUPS[metric]}/{chart}"


def split_logs(logs):
    """Part the training logs into training and validation values under their scalar names.

    Parameters
    ----------
    logs : mapping of str to number
        As Keras hands them to callbacks.

    Returns
    -------
    pair of dicts from tag to float
        Training values and validation values.
    """
    training, validation = {}, {}
    for key, value in logs.items():
        if key.startswith(VALIDATION_PREFIX):
            validation[scalar_name(key[len(VALIDATION_PREFIX) :])] = float(value)
        elif key not in _WRITTEN_ELSEWHERE:
            training[scalar_name(key)] = float(value)
    return training, validation
