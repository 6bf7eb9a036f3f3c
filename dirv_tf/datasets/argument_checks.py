"""Checks of dataset arguments: errors name the argument, what was expected and what was received."""

from __future__ import annotations

import math
import numbers


def check_integer(name, value, lowest, highest=None):
    """Return `value` as an int, or raise ValueError unless it is an integer from `lowest` to `highest`."""
    if highest is None:
        expected = f"an integer of at least {lowest}"
    else:
        expected = f"an integer from {lowest} to {highest}"
    integral = isinstance(value, numbers.Integral) and not isinstance(value, bool)
    if not integral or value < lowest or (highest is not None and value > highest):
        raise ValueError(f"`{name}` must be {expected}. Received: {name}={value!r}")
    return int(value)


def check_boolean(name, value):
    """Return `value`, or raise ValueError unless it is a bool."""
    if not isinstance(value, bool):
        raise ValueError(f"`{name}` must be true or false. Received: {name}={value!r}")
    return value


def check_choice(name, value, choices):
    """Return `value`, or raise ValueError unless it is one of `choices`."""
    if value not in choices:
        raise ValueError(f"`{name}` must be one of {', '.join(map(repr, choices))}. Received: {name}={value!r}")
    return value


def check_number(name, value, lowest):
    """Return `value` as a float, or raise ValueError unless it is a finite number of at least `lowest`."""
    real = isinstance(value, numbers.Real) and not isinstance(value, bool)
    if not real or not math.isfinite(value) or value < lowest:
        raise ValueError(f"`{name}` must be a finite number of at least {lowest}. Received: {name}={value!r}")
    return float(value)


def check_size(name, value, lowest):
    """Return `value` as a tuple, or raise ValueError unless it is 2 or 3 integers of at least `lowest`."""
    sides = tuple(value) if isinstance(value, (tuple, list)) else ()
    if len(sides) not in (2, 3):
        raise ValueError(f"`{name}` must be a sequence of 2 or 3 integers, one per axis. Received: {name}={value!r}")
    return tuple(check_integer(f"{name}[{axis}]", side, lowest) for axis, side in enumerate(sides))


def check_range(name, value, lowest):
    """Return `value` as a tuple, or raise ValueError unless it is two integers, `lowest` <= low < high."""
    ends = tuple(value) if isinstance(value, (tuple, list)) else ()
    integral = all(isinstance(end, numbers.Integral) and not isinstance(end, bool) for end in ends)
    if len(ends) != 2 or not integral or not lowest <= ends[0] < ends[1]:
        raise ValueError(
            f"`{name}` must be two integers (low, high) with {lowest} <= low < high. Received: {name}={value!r}"
        )
    return int(ends[0]), int(ends[1])
