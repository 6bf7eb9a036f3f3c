"""Checks of single settings: each says what is legal and turns a raw YAML value into the value to use."""

from __future__ import annotations

import math
from typing import Callable, NamedTuple


class Check(NamedTuple):
    """What a setting may be.

    Attributes
    ----------
    legal : str
        What is legal, as it is said in an error.
    read : callable
        From the raw value to the value to use; raises ValueError for what is not legal.
    """

    legal: str
    read: Callable


def whole_number(low=0, high=math.inf):
    """A whole number from `low` to `high`, both legal."""

    def read(value):
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            raise ValueError
        return value

    return Check(f"a whole number of at least {low}{f' and at most {high}' if high < math.inf else ''}", read)


def odd_number():
    """An odd whole number of at least 1."""

    def read(value):
        if not whole_number(1).read(value) % 2:
            raise ValueError
        return value

    return Check("an odd whole number", read)


def number(low=-math.inf, above=-math.inf, high=math.inf):
    """A finite number of at least `low`, or greater than `above`, and of at most `high`."""

    def read(value):
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise ValueError
        if not math.isfinite(value) or value < low or value <= above or value > high:
            raise ValueError
        return float(value)

    bounds = f" of at least {low:g}" if low > -math.inf else f" greater than {above:g}" if above > -math.inf else ""
    if high < math.inf:
        bounds += f"{' and' if bounds else ' of'} at most {high:g}"
    return Check(f"a number{bounds}", read)


def share():
    """A number greater than 0 and less than 1."""

    def read(value):
        if not number(above=0).read(value) < 1:
            raise ValueError
        return float(value)

    return Check("a number greater than 0 and less than 1", read)


def switch():
    """True or false."""

    def read(value):
        if not isinstance(value, bool):
            raise ValueError
        return value

    return Check("true or false", read)


def text():
    """A line of text that is not empty."""

    def read(value):
        if not isinstance(value, str) or not value.strip():
            raise ValueError
        return value.strip()

    return Check("a text that is not empty", read)


def one_of(*names):
    """One of the given words."""

    def read(value):
        if value not in names or not isinstance(value, str):
            raise ValueError
        return value

    return Check(f"one of {', '.join(names)}", read)


def list_of(item, shortest=1, longest=None):
    """A list whose entries all pass the check `item`."""

    def read(value):
        if not isinstance(value, (list, tuple)) or len(value) < shortest or (longest and len(value) > longest):
            raise ValueError
        return tuple(item.read(entry) for entry in value)

    length = f"{shortest}" if shortest == longest else f"{shortest} to {longest}" if longest else f"at least {shortest}"
    return Check(f"a list of {length} entries, each {item.legal}", read)


def rising_pair(item):
    """A list of two entries that pass the check `item`, the first smaller than the second."""

    def read(value):
        low, high = list_of(item, 2, 2).read(value)
        if low >= high:
            raise ValueError
        return low, high

    return Check(f"a list [low, high] with low < high, each {item.legal}", read)


def either(first, second):
    """What passes the first or the second check."""

    def read(value):
        try:
            return first.read(value)
        except ValueError:
            return second.read(value)

    return Check(f"{first.legal}, or {second.legal}", read)


def mapping_of(entry):
    """A mapping of at least one name to legal entries."""

    def read(value):
        if not isinstance(value, dict) or not value or not all(isinstance(key, str) and key for key in value):
            raise ValueError
        return {key: entry.read(each) for key, each in value.items()}

    return Check(f"a mapping of names to entries, each {entry.legal}", read)
