"""The scalars on TensorBoard's page and their names: numbered groups, so that the page has an order.

TensorBoard puts scalars that share what stands before the slash under one heading and sorts headings by name. A value
has the same name in the training, the validation and the test run, so that their curves share a chart.
"""

from __future__ import annotations

from dirv_tf.metrics.names import VALIDATION_PREFIX, metric_name

_OVERVIEW = "1 overview"
# Metrics with a heading of their own, from the second on; the levels name the charts under it.
_HEADINGS = ("dl_dis", "l_dis", "dl_int", "l_int")
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
    found = metric_name(key)
    if found is None:
        return f"{_OVERVIEW}/{key}"
    metric, levels = found
    name = f"{metric.description} ({metric.unit})" if metric.unit else metric.description
    if metric.key in _HEADINGS:
        return f"{2 + _HEADINGS.index(metric.key)} {name}/{levels}"
    return f"{_OVERVIEW}/{name}, {levels}" if levels else f"{_OVERVIEW}/{name}"


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
