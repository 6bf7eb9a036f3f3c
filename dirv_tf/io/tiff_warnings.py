"""What tifffile only logs of damaged files, as errors."""

from __future__ import annotations

import contextlib
import logging
import threading


class _Collector(logging.Handler):
    def __init__(self):
        super().__init__(logging.ERROR)
        self.thread, self.messages = threading.get_ident(), []

    def emit(self, record):
        if record.thread == self.thread:
            self.messages.append(record.getMessage())


@contextlib.contextmanager
def damage_raises():
    """Raise a ValueError at the end of a block in which tifffile logged an error.

    Of a volume that was cut off tifffile reads the pages that are left, and says so in its log alone.

    Raises
    ------
    ValueError
        With what was logged.
    """
    collector, logger = _Collector(), logging.getLogger("tifffile")
    logger.addHandler(collector)
    try:
        yield
    finally:
        logger.removeHandler(collector)
    if collector.messages:
        raise ValueError("; ".join(collector.messages))
