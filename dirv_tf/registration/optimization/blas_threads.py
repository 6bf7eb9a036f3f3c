"""One thread for the many small matrix products of a registration."""

from __future__ import annotations

import contextlib
import functools
import math
import threading
from collections.abc import Iterator, Sequence

from threadpoolctl import ThreadpoolController

# Pixels. The products of smaller images take some ten microseconds each; threads that wait for each other at every one
# of them cost several times that wherever the processor has other work, and gain little where it has none.
_LARGEST = 2**18

_lock = threading.Lock()
# How many callers there are inside, and what brings the threads back behind the last one.
_inside = 0
_restore = contextlib.ExitStack()


@functools.lru_cache(maxsize=1)
def _controller():
    return ThreadpoolController()


@contextlib.contextmanager
def one_thread_for_small(size: Sequence[int]) -> Iterator[None]:
    """Let NumPy and SciPy multiply matrices in one thread while images of few pixels are registered.

    The number of threads belongs to the process: it comes back when the last of several callers, in threads of their
    own, has left. TensorFlow's operations keep their threads.

    Parameters
    ----------
    size : sequence of int
        Sides of the image in pixels; larger ones than 2^18 pixels change nothing.

    Examples
    --------
    >>> with one_thread_for_small((128, 128)):
    ...     pass
    """
    global _inside
    if math.prod(size) > _LARGEST:
        yield
        return
    with _lock:
        _inside += 1
        if _inside == 1:
            _restore.enter_context(_controller().limit(limits=1, user_api="blas"))
    try:
        yield
    finally:
        with _lock:
            _inside -= 1
            if _inside == 0:
                _restore.close()
