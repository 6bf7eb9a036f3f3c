"""Registrations whose times hold nothing that is done once per process."""

from __future__ import annotations

from pathlib import Path
from time import perf_counter

from dirv_tf.registration import register


class TimedRegistration:
    """`dirv_tf.register`; the first call for images, for volumes and for a model is made twice.

    What is loaded, traced and compiled once per process is so in no result's `seconds`, but in `first_calls`.

    Attributes
    ----------
    first_calls : dict of str to float
        Seconds by what was registered, such as "images" or "volumes by best-3d".
    """

    def __init__(self):
        self.first_calls = {}

    def __call__(self, fixed, moving, model=None):
        """Return the result of `dirv_tf.register` with its defaults or, where a model is named, by that alone."""
        begun = perf_counter()
        result = register(fixed, moving, model)
        kind = "images" if result.rank == 2 else "volumes"
        if model is not None:
            kind += f" by {Path(model).name}"
        if kind not in self.first_calls:
            self.first_calls[kind] = perf_counter() - begun
            result = register(fixed, moving, model)
        return result

    def __str__(self):
        calls = ", ".join(f"{kind} {seconds:.1f} s" for kind, seconds in self.first_calls.items())
        return f"first calls, with all that is loaded and compiled once per process: {calls}"
