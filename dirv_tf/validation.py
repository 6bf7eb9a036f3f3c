"""Checks of arguments and settings: each says what is legal, and its error names what was received.

A check serves two callers with one wording. A constructor calls it, ``integer(1)("levels", levels)``; a run file's
settings class declares a field with it, ``levels: int = setting(integer(1))``.
"""

from __future__ import annotations

import dataclasses
import math
import numbers
from typing import Any, Callable, NamedTuple


class ConfigError(ValueError):
    """A run's configuration is wrong; the text names the file, the key, what is legal and what was received."""


class Check(NamedTuple):
    """What a value may be.

    Attributes
    ----------
    legal : str
        What is legal, as it is said in an error: "an integer of at least 1".
    read : callable
        From the raw value to the value to use; raises ValueError for what is not legal.

    Examples
    --------
    >>> integer(1)("levels", 3)
    3
    >>> integer(1)("levels", 0)
    Traceback (most recent call last):
    ValueError: `levels` must be an integer of at least 1. Received: levels=0
    """

    legal: str
    read: Callable[[Any], Any]

    def __call__(self, name: str, value: Any) -> Any:
        """Return the value to use, or raise a ValueError that names the argument."""
        try:
            return self.read(value)
        except ValueError:
            raise ValueError(f"`{name}` must be {self.legal}. Received: {name}={value!r}") from None


def setting(check: Check, **default: Any) -> Any:
    """Declare a field of a settings dataclass with the check of its raw value.

    Parameters
    ----------
    check : Check
    **default
        ``default=...`` for a setting that may be left out.
    """
    return dataclasses.field(metadata={"check": check}, **default)


def integer(low: float = 0, high: float = math.inf) -> Check:
    """Accept an integer from `low` to `high`, both legal."""

    def read(value):
        if isinstance(value, bool) or not isinstance(value, numbers.Integral) or not low <= value <= high:
            raise ValueError
        return int(value)

    least = f" of at least {low}" if low > -math.inf else ""
    return Check(f"an integer{least}{f' and at most {high}' if high < math.inf else ''}", read)


def random_seed() -> Check:
    """Accept a seed of random numbers: 64 bits without a sign."""
    return Check("an integer from 0 to 2^64 - 1", integer(0, 2**64 - 1).read)


def odd_integer() -> Check:
    """Accept an odd integer of at least 1."""

    def read(value):
        if not integer(1).read(value) % 2:
            raise ValueError
        return int(value)

    return Check("an odd integer of at least 1", read)


def number(
    low: float = -math.inf, above: float = -math.inf, high: float = math.inf, below: float = math.inf
) -> Check:
    """Accept a finite number of at least `low` or greater than `above`, and of at most `high` or less than `below`."""

    def read(value):
        if isinstance(value, bool) or not isinstance(value, numbers.Real):
            raise ValueError
        if not math.isfinite(value) or value < low or value <= above or value > high or value >= below:
            raise ValueError
        return float(value)

    bounds = f" of at least {low:g}" if low > -math.inf else f" greater than {above:g}" if above > -math.inf else ""
    if high < math.inf:
        bounds += f"{' and' if bounds else ' of'} at most {high:g}"
    if below < math.inf:
        bounds += f"{' and' if bounds else ''} less than {below:g}"
    return Check(f"a finite number{bounds}", read)


def fraction() -> Check:
    """Accept a number greater than 0 and less than 1."""

    def read(value):
        if not number(above=0).read(value) < 1:
            raise ValueError
        return float(value)

    return Check("a number greater than 0 and less than 1", read)


def boolean() -> Check:
    """Accept True or False."""

    def read(value):
        if not isinstance(value, bool):
            raise ValueError
        return value

    return Check("true or false", read)


def text() -> Check:
    """Accept a text that is not empty."""

    def read(value):
        if not isinstance(value, str) or not value.strip():
            raise ValueError
        return value.strip()

    return Check("a text that is not empty", read)


def one_of(*choices: Any) -> Check:
    """Accept one of the given values."""

    def read(value):
        if not any(type(value) is type(choice) and value == choice for choice in choices):
            raise ValueError
        return value

    return Check(f"one of {', '.join(map(str, choices))}", read)


def list_of(item: Check, shortest: int = 1, longest: int | None = None) -> Check:
    """Accept a list or tuple whose entries all pass the check `item`; the value to use is a tuple."""

    def read(value):
        if not isinstance(value, (list, tuple)) or len(value) < shortest or (longest and len(value) > longest):
            raise ValueError
        return tuple(item.read(entry) for entry in value)

    length = f"{shortest}" if shortest == longest else f"{shortest} to {longest}" if longest else f"at least {shortest}"
    return Check(f"a list of {length} entries, each {item.legal}", read)


def image_size(low: int = 1) -> Check:
    """Accept the sides of an image of 2 or 3 axes, each of at least `low` pixels; the value to use is a tuple."""
    return list_of(integer(low), 2, 3)


def per_axis(item: Check, rank: int | None = None) -> Check:
    """Accept one value for all axes, or a list or tuple of one value per axis; the value to use is that or a tuple.

    Parameters
    ----------
    item : Check
        Of every value.
    rank : int, optional
        Number of axes; 2 or 3 where it is not known yet.
    """
    return either(item, list_of(item, rank or 2, rank or 3))


def per_term(item: Check) -> Check:
    """Accept one value for both terms, or a pair (data term, regularizer); the value to use is that or a tuple."""
    return either(item, list_of(item, 2, 2))


def increasing_pair(item: Check) -> Check:
    """Accept a list or tuple of two entries that pass the check `item`, the first smaller than the second."""

    def read(value):
        low, high = list_of(item, 2, 2).read(value)
        if low >= high:
            raise ValueError
        return low, high

    return Check(f"a pair [low, high] with low < high, each {item.legal}", read)


def optional(check: Check) -> Check:
    """Accept None or what passes the check."""
    return Check(f"None, or {check.legal}", lambda value: None if value is None else check.read(value))


def either(first: Check, second: Check) -> Check:
    """Accept what passes the first or the second check."""

    def read(value):
        try:
            return first.read(value)
        except ValueError:
            return second.read(value)

    return Check(f"{first.legal}, or {second.legal}", read)


def mapping_of(entry: Check) -> Check:
    """Accept a mapping of at least one name to entries that pass the check `entry`."""

    def read(value):
        if not isinstance(value, dict) or not value or not all(isinstance(key, str) and key for key in value):
            raise ValueError
        return {key: entry.read(each) for key, each in value.items()}

    return Check(f"a mapping of names to entries, each {entry.legal}", read)
