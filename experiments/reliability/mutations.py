"""Seeded damage to the content of files: bits, lengths, numbers, lines, and values in JSON."""

from __future__ import annotations

import json
import re

import numpy as np

_INTEGERS = (
    0, 1, 2, 3, 7, 255, 256, 65535, 65536, 99999, 10**6, 2**31 - 1, 2**31, 2**32 - 1, 10**9, 2**63 - 1, -1, -(2**31),
)  # fmt: skip
_NUMBERS = (
    *map(str, _INTEGERS), "1e308", "-1e308", "1e-320", "nan", "inf", "0.5", "1" * 5000, "10e400", "0x10", "1_0", "",
)  # fmt: skip
_TOKENS = (
    "null", "[]", "{}", "true", "../../../etc/passwd", "/etc/passwd", "~nobody/x", "a/b", "%s%s%n", "%05d", "LIST",
    "LOCAL", "!!int abc", "!!bool abc", "!!float x", "!!binary ?", "!!timestamp 2024-02-31", "2024-02-31",
    "!!python/name:os.system", "&a [*a]", "*nothing", "<<: *b", "[" * 5000, "{a: " * 2000, "\x00", "\ufeff", "\u2028",
    "\U0001f98a", "a" * 10000, "\t", "---", "raw", "gzip", "hex", "True", "False", "-", ":", '"', "'", "#", "X,Y",
)  # fmt: skip
_VALUES = (
    None, True, [], {}, "", "x", 0, -1, 1.5, 10**9, 2**63, 10**30, float("inf"), float("nan"), [[]], [None], {"a": 1},
    "x" * 2000, [1] * 1000, [10**9], "../../x", {"class_name": "Lambda", "module": "os"}, [[[[[[[[1]]]]]]]],
)  # fmt: skip
# Headers lie at the beginning, where most of what a reader believes stands.
_HEADER = 400


def mutated(content: bytes, random: np.random.Generator, other: bytes = b"") -> bytes:
    """Return damaged content.

    Parameters
    ----------
    content : bytes
    random : numpy.random.Generator
    other : bytes
        Of another file, pieces of which may be put in.

    Returns
    -------
    bytes
    """
    if random.random() < 0.4:
        changed = _json_changed(content, random)
        if changed is not None:
            return changed
    kinds = (_flip, _overwrite, _integer, _truncate, _remove, _repeat, _insert)
    texts = (_number, _word, _line)
    is_text = _is_text(content)
    for _ in range(random.integers(1, 4)):
        # Files that are text as a whole, or have a header of text.
        choices = (*kinds, *texts, *texts, *texts) if is_text else (*kinds, _splice)
        content = choices[random.integers(len(choices))](content, random, other)
    return content


def _is_text(content):
    start = content[:200]
    return bool(start) and sum(byte in b"\t\n\r" or 32 <= byte < 127 for byte in start) > 0.9 * len(start)


def _place(content, random):
    end = min(len(content), _HEADER) if random.random() < 0.6 else len(content)
    return int(random.integers(max(1, end)))


def _flip(content, random, other):
    changed = bytearray(content)
    for _ in range(random.integers(1, 9)):
        if changed:
            changed[_place(content, random)] ^= 1 << int(random.integers(8))
    return bytes(changed)


def _overwrite(content, random, other):
    at, length = _place(content, random), int(random.integers(1, 17))
    fill = (b"\x00" * length, b"\xff" * length, random.bytes(length))[random.integers(3)]
    return content[:at] + fill + content[at + length :]


def _integer(content, random, other):
    at, length = _place(content, random), int(2 ** random.integers(1, 4))
    value = _INTEGERS[random.integers(len(_INTEGERS))] % 2 ** (8 * length)
    order = ("little", "big")[random.integers(2)]
    return content[:at] + value.to_bytes(length, order) + content[at + length :]


def _truncate(content, random, other):
    return content[: _place(content, random)]


def _remove(content, random, other):
    at = _place(content, random)
    return content[:at] + content[at + int(random.integers(1, 64)) :]


def _repeat(content, random, other):
    at, length = _place(content, random), int(random.integers(1, 256))
    return content[:at] + content[at : at + length] * int(random.integers(2, 6)) + content[at + length :]


def _insert(content, random, other):
    at = _place(content, random)
    return content[:at] + random.bytes(int(random.integers(1, 32))) + content[at:]


def _splice(content, random, other):
    at, start = _place(content, random), _place(other, random)
    return content[:at] + other[start : start + int(random.integers(1, 512))] + content[at:]


def _number(content, random, other):
    return _replaced(rb"-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?", content, random, _NUMBERS)


def _word(content, random, other):
    return _replaced(rb"[A-Za-z_.]+|[\[\]{},:\"]", content, random, _TOKENS)


def _replaced(pattern, content, random, choices):
    found = list(re.finditer(pattern, content[:20000]))
    if not found:
        return content
    match = found[random.integers(len(found))]
    new = choices[random.integers(len(choices))].encode()
    return content[: match.start()] + new + content[match.end() :]


def _line(content, random, other):
    lines = content.split(b"\n")
    at, to = (int(random.integers(len(lines))) for _ in range(2))
    kind = random.integers(4)
    if kind == 0:
        del lines[at]
    elif kind == 1:
        lines.insert(at, lines[to])
    elif kind == 2:
        lines[at], lines[to] = lines[to], lines[at]
    else:
        lines.insert(at, _TOKENS[random.integers(len(_TOKENS))].encode())
    return b"\n".join(lines)


def _json_changed(content, random):
    """Return JSON with another value at one place; None for what is no JSON."""
    if content.lstrip()[:1] not in (b"{", b"["):
        return None
    try:
        holder = [json.loads(content)]
    except ValueError:
        return None
    places = []
    _collect(holder, places)
    parent, key = places[random.integers(len(places))]
    if random.random() < 0.15 and isinstance(parent, dict):
        del parent[key]
    else:
        parent[key] = _VALUES[random.integers(len(_VALUES))]
    return json.dumps(holder[0]).encode()


def _collect(node, places):
    for key, value in list(node.items() if isinstance(node, dict) else enumerate(node)):
        places.append((node, key))
        if isinstance(value, (dict, list)):
            _collect(value, places)
