"""One channel and one time of what a file holds, chosen by the user."""

from __future__ import annotations

import numbers

from dirv_tf.io.decoding import UnfitFileError

_COLORS = ("red", "green", "blue", "alpha")
# More are not listed one by one.
_MOST_LISTED = 20


def choose(path, axes, shape, channel=None, time=None, channel_names=()):
    """Return which part of an array is the image that is asked for.

    Parameters
    ----------
    path : Path
        For error messages.
    axes : str
        One letter per axis: T (times), C (channels), S (colors: red, green, blue[, alpha]); others are left alone.
    shape : sequence of int
        Of the array.
    channel : int, str or None
        Number or name of a channel, or of a color. None: the only one; of colors all.
    time : int, str or None
        Number of a time. None: the only one.
    channel_names : sequence of str
        Of all channels, if the file has names for them.

    Returns
    -------
    tuple of (tuple of int and slice, str, tuple of str)
        The index into the array, the letters of the axes that are left, and notes on what was chosen.

    Raises
    ------
    UnfitFileError
        If there are several and none is chosen, or the one that is chosen is not there; the message lists them.
    """
    sides = dict(zip(axes, shape))
    by_color = "S" in sides and sides.get("C", 1) == 1
    taken = {"T": _number(path, "time", time, sides.get("T", 1), ())}
    if not by_color:
        names = channel_names if len(channel_names) == sides.get("C", 1) else ()
        taken["C"] = _number(path, "channel", channel, sides.get("C", 1), names)
    else:
        names, taken["C"] = _COLORS, 0
        if channel is not None:
            taken["S"] = _number(path, "channel", channel, sides["S"], _COLORS[: sides["S"]])
    notes = [
        f"{word} {_labeled(taken[letter], labels)} of {sides[letter]} was taken"
        for letter, word, labels in (("C", "channel", names), ("S", "channel", names), ("T", "time", ()))
        if letter in taken and sides.get(letter, 1) > 1
    ]
    index = tuple(taken.get(letter, slice(None)) for letter in axes)
    return index, "".join(letter for letter in axes if letter not in taken), tuple(notes)


def _number(path, word, value, count, names):
    if value is None and count == 1:
        return 0
    lowered = [name.lower() for name in names]
    if isinstance(value, str) and lowered.count(value.lower()) == 1:
        return lowered.index(value.lower())
    number = int(value) if isinstance(value, str) and value.isdecimal() else value
    if isinstance(number, numbers.Integral) and not isinstance(number, bool) and 0 <= number < count:
        return int(number)
    known = ", ".join(_labeled(number, names) for number in range(count))
    if count > _MOST_LISTED:
        known = f"0 to {count - 1}"
    received = f"no {word}" if value is None else f"{word}={value!r}"
    raise UnfitFileError(
        f"Expected the choice of one {word} of the image, by {word}= or --{word}: {known}. "
        f"Received: {received}, path={path}"
    )


def _labeled(number, names):
    return f"{number} ({names[number]})" if number < len(names) and names[number] else str(number)
