"""Small images take one thread for their matrix products, and the process gets its threads back."""

import sys
import threading

import pytest
from threadpoolctl import threadpool_info, threadpool_limits

import dirv_tf
from dirv_tf.registration.optimization.blas_threads import one_thread_for_small


@pytest.fixture(autouse=True)
def two_threads():
    with threadpool_limits(limits=2, user_api="blas"):
        yield
        assert threads() == {2}


def threads():
    return {library["num_threads"] for library in threadpool_info() if library["user_api"] == "blas"}


def test_small_images_take_one_and_large_ones_what_there_is():
    with one_thread_for_small((512, 512)):
        assert threads() == {1}
    assert threads() == {2}
    with one_thread_for_small((513, 512)):
        assert threads() == {2}


def test_an_error_gives_them_back():
    with pytest.raises(KeyError), one_thread_for_small((64, 64)):
        raise KeyError
    assert threads() == {2}


def test_the_last_of_several_callers_gives_them_back():
    entered, leave = threading.Event(), threading.Event()

    def other():
        with one_thread_for_small((64, 64)):
            entered.set()
            leave.wait(60)

    caller = threading.Thread(target=other)
    with one_thread_for_small((64, 64)):
        caller.start()
        assert entered.wait(60)
    assert threads() == {1}
    leave.set()
    caller.join()
    assert threads() == {2}


def test_register_does_so(monkeypatch, rng):
    seen = []
    # The name in the package is the function.
    module = sys.modules["dirv_tf.registration.register"]
    warp = module.warp_in_blocks
    monkeypatch.setattr(module, "warp_in_blocks", lambda *images: (seen.append(threads()), warp(*images))[1])
    dirv_tf.register(*rng.random((2, 32, 32)), align="none", model="A-1")
    assert seen == [{1}]
