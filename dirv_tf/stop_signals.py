"""Ctrl-C and SIGTERM, which end a command in good order: as exceptions, and as the exit status that a shell expects."""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Generator
from types import FrameType


class Terminated(KeyboardInterrupt):
    """SIGTERM, from a batch system or a shutdown: handled wherever Ctrl-C is."""


class ReceivedSignals:
    """Which signal asked to stop.

    Attributes
    ----------
    number : int or None
        Of the last one; None as long as there was none.
    """

    def __init__(self) -> None:
        self.number: int | None = None


@contextlib.contextmanager
def stop_signals_raise() -> Generator[ReceivedSignals, None, None]:
    """Raise KeyboardInterrupt on Ctrl-C and `Terminated` on SIGTERM, and remember that.

    Libraries turn an exception that comes up while they are loaded into one of their own; who holds the result still
    knows what happened. Signals that are ignored (``nohup``) or handled already stay so, and outside of the main
    thread, where Python handles no signals, nothing changes.

    Yields
    ------
    ReceivedSignals

    Examples
    --------
    >>> import signal
    >>> with stop_signals_raise() as received:
    ...     try:
    ...         signal.raise_signal(signal.SIGTERM)
    ...     except KeyboardInterrupt as error:
    ...         print(type(error).__name__, stopped_status(received.number))
    Terminated 143
    """
    received = ReceivedSignals()

    def stop(number: int, frame: FrameType | None) -> None:
        received.number = number
        raise Terminated if number == signal.SIGTERM else KeyboardInterrupt

    former = {}
    usual = {signal.SIGINT: signal.default_int_handler, signal.SIGTERM: signal.SIG_DFL}
    try:
        for number, handler in usual.items():
            if signal.getsignal(number) == handler:
                # Outside of the main thread this raises a ValueError.
                with contextlib.suppress(ValueError):
                    signal.signal(number, stop)
                    former[number] = handler
        yield received
    finally:
        for number, handler in former.items():
            signal.signal(number, handler)


def stopped_status(number: int | None = None) -> int:
    """Return the exit status of a command that a signal stopped: 130 after Ctrl-C, 143 after SIGTERM.

    Parameters
    ----------
    number : int, optional
        Of the signal; default: that of Ctrl-C.
    """
    return 128 + (number or signal.SIGINT)
