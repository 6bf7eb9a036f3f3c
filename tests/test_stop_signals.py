"""Ctrl-C and SIGTERM."""

import signal
import threading

import pytest

from dirv_tf.stop_signals import Terminated, stop_signals_raise, stopped_status


@pytest.mark.parametrize("number, error, status", [
    (signal.SIGINT, KeyboardInterrupt, 130), (signal.SIGTERM, Terminated, 143)
])
def test_a_signal_is_an_exception_and_is_remembered(number, error, status, usual_signals):
    before = signal.getsignal(number)
    with pytest.raises(KeyboardInterrupt) as raised, stop_signals_raise() as received:
        signal.raise_signal(number)
    assert type(raised.value) is error and received.number == number and stopped_status(number) == status
    assert signal.getsignal(number) == before


def test_a_signal_that_is_ignored_stays_so():
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with stop_signals_raise() as received:
            signal.raise_signal(signal.SIGINT)
        assert received.number is None and signal.getsignal(signal.SIGINT) == signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, before)


def test_other_threads_handle_no_signals():
    seen = []

    def run():
        with stop_signals_raise() as received:
            seen.append(received.number)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    assert seen == [None]
