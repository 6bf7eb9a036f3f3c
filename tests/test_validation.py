"""One dialect of errors: what is legal, then what was received."""

import math
import re

import numpy as np
import pytest

from dirv_tf import validation as v

# Check, what passes and what becomes of it, what does not pass.
CASES = [
    (v.integer(1), [(3, 3), (np.int64(4), 4)], [0, -1, 2.0, "3", True, None]),
    (v.integer(1, 5), [(5, 5)], [6]),
    (v.integer(-math.inf), [(-7, -7)], [0.5]),
    (v.random_seed(), [(0, 0), (2**64 - 1, 2**64 - 1)], [-1, 2**64, 1.0]),
    (v.odd_integer(), [(1, 1), (7, 7)], [0, 4, -1, 3.0]),
    (v.number(), [(2, 2.0), (-0.5, -0.5)], [math.nan, math.inf, "2", True, None]),
    (v.number(0, high=1), [(0, 0.0), (1, 1.0)], [-0.1, 1.1]),
    (v.number(above=0), [(1e-9, 1e-9)], [0, -1]),
    (v.number(0, below=1), [(0, 0.0), (0.9, 0.9)], [1, 1.5, -0.1]),
    (v.fraction(), [(0.2, 0.2)], [0, 1, 1.0]),
    (v.boolean(), [(True, True), (False, False)], [0, 1, "true", None]),
    (v.text(), [(" a ", "a")], ["", "  ", 3, None]),
    (v.one_of("a", "b"), [("a", "a")], ["c", None, ["a"]]),
    (v.one_of(1, 3, None), [(1, 1), (None, None)], [2, True, 1.0, "1"]),
    (v.list_of(v.integer(1)), [([1, 2], (1, 2)), ((3,), (3,))], [[], [0], 1, "12", None]),
    (v.list_of(v.integer(1), 2, 3), [([1, 2], (1, 2))], [[1], [1, 2, 3, 4]]),
    (v.image_size(4), [([4, 5], (4, 5)), ((4, 5, 6), (4, 5, 6))], [(4,), (4, 4, 4, 4), (4, 3), 4, (4.0, 4)]),
    (v.per_axis(v.integer(1)), [(4, 4), ([4, 2], (4, 2)), ((4, 4, 2), (4, 4, 2))], [0, (4,), (4, 0), (1,) * 4]),
    (v.per_axis(v.integer(1), 2), [(4, 4), ((4, 2), (4, 2))], [(4, 4, 2), (4,)]),
    (v.per_term(v.odd_integer()), [(7, 7), ([7, 5], (7, 5))], [6, (7, 5, 3), (7, 4)]),
    (v.increasing_pair(v.number()), [((-1, 1), (-1.0, 1.0))], [(1, -1), (1, 1), (0, 1, 2), 3]),
    (v.optional(v.one_of("a")), [(None, None), ("a", "a")], ["b"]),
    (v.either(v.integer(1), v.text()), [(1, 1), ("a", "a")], [0, ""]),
]


@pytest.mark.parametrize("check, legal, illegal", CASES, ids=lambda value: getattr(value, "legal", ""))
def test_checks(check, legal, illegal):
    for value, expected in legal:
        used = check("argument", value)
        assert used == expected and type(used) is type(expected)
    for value in illegal:
        text = f"`argument` must be {check.legal}. Received: argument={value!r}"
        with pytest.raises(ValueError, match=f"^{re.escape(text)}$"):
            check("argument", value)


@pytest.mark.parametrize(
    "check, legal",
    [
        (v.integer(1), "an integer of at least 1"),
        (v.integer(0, 3), "an integer of at least 0 and at most 3"),
        (v.number(), "a finite number"),
        (v.number(0, high=1), "a finite number of at least 0 and at most 1"),
        (v.number(0, below=1), "a finite number of at least 0 and less than 1"),
        (v.number(above=0, below=1), "a finite number greater than 0 and less than 1"),
        (v.number(below=1), "a finite number less than 1"),
        (v.random_seed(), "an integer from 0 to 2^64 - 1"),
        (
            v.image_size(4),
            "a list of 2 to 3 entries, each an integer of at least 4, of less than 2^31 pixels in all",
        ),
        (v.per_axis(v.integer(1), 2), "an integer of at least 1, or a list of 2 entries, each an integer of at least 1"),
        (v.optional(v.one_of("a", "b")), "None, or one of a, b"),
    ],
)
def test_what_is_legal_is_said_in_words(check, legal):
    assert check.legal == legal
