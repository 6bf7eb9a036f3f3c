"""Checks of arguments and settings: each says what is legal, and its error names what was received.

A check serves two callers with one wording. A constructor calls it, ``integer(1)("levels", levels)``; a run file's
settings class declares a field with it, ``levels: int = setting(integer(1))``.
"""

from __future__ import annotations

import dataclasses
import math
import numbers
from typing import Any, Callable, NamedTuple


class UnreadableFileError(ValueError):
    """A file is not what it should be: damaged, of another kind, too large, or not to be trusted.

    All readers of the package raise it, or one of its subclasses, whatever is wrong inside a file. A file that is not
    there is a FileNotFoundError, and one that may not be read another OSError.
    """


class ConfigError(UnreadableFileError):
    """A run's configuration is wrong; the text names the file, the key, what is legal and what was received."""


def shown(value: Any, most: int = 300) -> str:
    """Return the `repr` of a value from a file for an error, cut where it gets long.

    No more is written than is returned, of whatever size or depth the value is.

    Examples
    --------
    >>> shown([1, "two", None])
    "[1, 'two', None]"
    >>> shown(list(range(1000)), 12)
    '[0, 1, 2, 3, ...'
    """
    written = ""
    for piece in _pieces(value, most):
        written += piece
        if len(written) > most:
            return f"{written[:most]} ..."
    return written


def cut(value: Any, most: int = 100) -> str:
    """Return a name from a file as it stands there, cut where it gets long; what is no text as `shown` does."""
    return f"{value[:most]}{' ...' * (len(value) > most)}" if isinstance(value, str) else shown(value, most)


def _pieces(value, most):
    """Yield the `repr` of a value piece by piece."""
    if type(value) is dict:
        for number, (key, entry) in enumerate(value.items()):
            yield ", " if number else "{"
            yield from _pieces(key, most)
            yield ": "
            yield from _pieces(entry, most)
        yield "}" if value else "{}"
    elif type(value) in (list, tuple):
        yield "[" if type(value) is list else "("
        for number, entry in enumerate(value):
            yield ", " if number else ""
            yield from _pieces(entry, most)
        yield "]" if type(value) is list else ",)" if len(value) == 1 else ")"
    elif isinstance(value, (str, bytes)) and len(value) > most:
        yield repr(value[: most + 1])
    elif isinstance(value, int) and value.bit_length() > 1000:
        # Python refuses to write more than some thousand digits.
        yield f"an integer of {value.bit_length()} bits"
    else:
        yield repr(value)


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
            raise ValueError(f"`{name}` must be {self.legal}. Received: {name}={shown(value)}") from None


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


def odd_integer(high: float = math.inf) -> Check:
    """Accept an odd integer from 1 to `high`."""
    within = integer(1, high)

    def read(value):
        if not within.read(value) % 2:
            raise ValueError
        return int(value)

    return Check(within.legal.replace("an integer", "an odd integer"), read)


def number(
    low: float = -math.inf, above: float = -math.inf, high: float = math.inf, below: float = math.inf
) -> Check:
    """Accept a finite number of at least `low` or greater than `above`, and of at most `high` or less than `below`."""

    def read(value):
        if isinstance(value, bool) or not isinstance(value, numbers.Real):
            raise ValueError
        if isinstance(value, numbers.Integral) and int(value).bit_length() > 1000:
            # More than a float holds.
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
        # No path may hold a zero byte.
        if not isinstance(value, str) or not value.strip() or "\0" in value:
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
    """Accept the sides of an image of 2 or 3 axes, each of at least `low` pixels; the value to use is a tuple.

    More than 2^31 - 1 pixels are not legal: TensorFlow counts them in 32 bits.
    """
    sides = list_of(integer(low), 2, 3)

    def read(value):
        size = sides.read(value)
        if math.prod(size) >= 2**31:
            raise ValueError
        return size

    return Check(f"{sides.legal}, of less than 2^31 pixels in all", read)


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
