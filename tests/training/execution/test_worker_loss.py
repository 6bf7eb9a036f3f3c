"""A worker whose others end, hang or never come."""

import threading
from types import SimpleNamespace

import pytest
import tensorflow as tf

from dirv_tf.training.execution.distribution import Distribution
from dirv_tf.training.execution.interruption import StopRequest, TrainingInterrupted
from dirv_tf.training.execution.worker_cluster import WorkerCluster
from dirv_tf.training.execution.worker_loss import WORKER_LOST, Patience, WorkerLost, others_may_end, waiting_for_others

CLUSTER = WorkerCluster(("a:1", "b:1"), 1)
ABORTED = """Graph execution error:

Detected at node CollectiveReduceV2 defined at (most recent call last):
Collective ops is aborted by: Task /job:worker/replica:0/task:0 heartbeat timeout.
Restart your program to reset."""


def test_patience_ends_the_process_and_says_what_for(capsys):
    statuses = []
    # In this thread: it is over when the process would be.
    Patience(CLUSTER, 0.02, statuses.append).watch()
    assert statuses == [WORKER_LOST] == [75]
    said = capsys.readouterr().err
    assert "Expected the others to join (a:1, b:1). Received: nothing within 0.02 seconds" in said
    assert "(training.distribution.patience), at worker 2 of 2" in said
    begun = Patience(CLUSTER, 0.02, statuses.append)
    begun.renew()
    begun.watch()
    assert "Expected the others to take part in a step" in capsys.readouterr().err


def test_patience_lasts_as_long_as_something_goes_on():
    ends, threads = [], threading.active_count()
    patience = Patience(CLUSTER, 60.0, ends.append)
    thread = threading.Thread(target=patience.watch)
    thread.start()
    before = patience._renewed
    patience.renew()
    assert patience._renewed >= before and thread.is_alive()
    patience.stop()
    thread.join(30)
    assert not thread.is_alive() and ends == [] and threading.active_count() == threads


def test_steps_tests_and_epochs_renew_it():
    with waiting_for_others(CLUSTER, 60.0) as patience:
        (callback,) = patience.callbacks
        for event in (callback.on_train_batch_end, callback.on_test_batch_end, callback.on_epoch_end):
            patience._renewed = 0.0
            event(0, {})
            assert patience._renewed > 0
        for event in (callback.on_train_begin, callback.on_test_begin):
            patience._renewed = 0.0
            event({})
            assert patience._renewed > 0
    with waiting_for_others(None, 0) as patience:
        assert patience is None


def test_what_a_worker_does_alone_costs_no_patience(capsys):
    """From the end of joining until it comes to wait for the others, it may read and trace as long as it likes."""
    ends = []
    patience = Patience(CLUSTER, 0.02, ends.append)
    patience.joined()
    thread = threading.Thread(target=patience.watch)
    thread.start()
    # Many times as long as patience.
    thread.join(0.3)
    assert thread.is_alive() and ends == []
    # In place of the sum that a cluster would make: it is waited for, and nobody answers.
    strategy = SimpleNamespace(
        num_replicas_in_sync=2,
        run=lambda *_, **__: thread.join(30) or [None],
        experimental_local_results=lambda _: [tf.zeros(1)],
    )
    Distribution(strategy, CLUSTER, patience).wait_for_all()
    assert ends == [WORKER_LOST]
    assert "Expected the others to take part in a step" in capsys.readouterr().err


def test_the_end_of_another_worker_is_said_in_a_line():
    with pytest.raises(WorkerLost) as caught, others_may_end(CLUSTER, StopRequest()):
        raise tf.errors.UnavailableError(None, None, ABORTED)
    assert str(caught.value) == (
        "Expected all 2 workers to go on. Received: Task /job:worker/replica:0/task:0 heartbeat timeout, at worker 2 of "
        "2; the log of the worker that ended first may say more"
    )


def test_who_was_asked_to_stop_as_well_has_stopped():
    request = StopRequest()
    request.requested, request.number = True, 15
    with pytest.raises(TrainingInterrupted) as caught, others_may_end(CLUSTER, request):
        raise tf.errors.UnavailableError(None, None, ABORTED)
    assert caught.value.number == 15


def test_other_errors_and_those_of_one_process_stay_what_they_are():
    with pytest.raises(tf.errors.UnavailableError), others_may_end(None, StopRequest()):
        raise tf.errors.UnavailableError(None, None, ABORTED)
    with pytest.raises(tf.errors.InvalidArgumentError), others_may_end(CLUSTER, StopRequest()):
        raise tf.errors.InvalidArgumentError(None, None, "a mistake")
    with pytest.raises(tf.errors.UnavailableError), others_may_end(WorkerCluster(("a:1",), 0), StopRequest()):
        raise tf.errors.UnavailableError(None, None, ABORTED)


@pytest.mark.parametrize("kind", [tf.errors.InternalError, tf.errors.FailedPreconditionError])
def test_an_error_that_may_be_a_worker_s_own_is_another_s_end_only_where_its_text_says_so(kind):
    for text in (ABORTED, "Device /job:worker/task:1 current incarnation doesn't match with one in the group."):
        with pytest.raises(WorkerLost), others_may_end(CLUSTER, StopRequest()):
            raise kind(None, None, text)
    for text in ("Blas xGEMM launch failed : a.shape=[1,2,3]", "Could not find variable dense/kernel"):
        with pytest.raises(kind), others_may_end(CLUSTER, StopRequest()):
            raise kind(None, None, text)
