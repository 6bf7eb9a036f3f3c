"""What the progress says on a terminal and elsewhere."""

import io

import pytest

from dirv_tf.training.execution.progress import Progress, duration


class _Terminal(io.StringIO):
    def isatty(self):
        return True


def _epoch(progress, epoch):
    progress.on_epoch_begin(epoch)
    for step in range(progress.steps):
        progress.on_train_batch_end(step, {"loss": 0.5})
    progress.on_epoch_end(epoch, {"loss": 0.5, "dl_int": 91.26, "dl_dis": 83.0, "val_dl_int": 90.0, "val_dl_dis": 81.0})


def test_elsewhere_than_on_a_terminal_there_is_one_line_per_epoch():
    stream = io.StringIO()
    progress = Progress(epochs=2, steps=3, stream=stream)
    for epoch in range(2):
        _epoch(progress, epoch)
    first, second = stream.getvalue().splitlines()
    assert first.startswith("epoch 1/2") and "ΔL_int/ΔL_dis 91.3 / 83.0 %  unseen 90.0 / 81.0 %" in first
    assert "0 s left" in second and "\r" not in stream.getvalue()


def test_on_a_terminal_a_line_moves():
    stream = _Terminal()
    _epoch(Progress(epochs=4, steps=3, first_epoch=2, stream=stream, seconds_between=0.0), 2)
    assert "epoch 3/4 step 2/3" in stream.getvalue() and "left" in stream.getvalue()
    assert stream.getvalue().count("\n") == 1


def test_the_time_left_counts_every_stage_with_its_own_speed(monkeypatch):
    clock = iter([0.0, 0.0, 10.0, 20.0, 50.0])
    monkeypatch.setattr("dirv_tf.training.execution.progress.time.monotonic", lambda: next(clock))
    stream = io.StringIO()
    progress = Progress(3, 1, stream=stream, stages=["affine", "affine", "spline0"], seconds=[1.0, 1.0, 3.0])
    progress.on_train_begin()
    for epoch in range(3):
        if epoch == 2:
            # The next stage is a training of its own; the clock goes on.
            progress.on_train_begin()
        progress.on_epoch_begin(epoch)
        progress.on_epoch_end(epoch, {"loss": 0.5})
    lines = stream.getvalue().splitlines()
    assert lines[0].startswith("epoch 1/3 (affine)  loss") and lines[0].endswith("10 s gone, 40 s left")
    assert lines[1].endswith("20 s gone, 30 s left")
    assert lines[2].startswith("epoch 3/3 (spline0)") and lines[2].endswith("50 s gone, 0 s left")


def test_the_bar_never_runs_over_its_end():
    """Keras 3 counts several steps that are executed at once in full."""
    stream = _Terminal()
    progress = Progress(test_steps=10, stream=stream, seconds_between=0.0)
    progress.on_test_batch_end(11, {"loss": 0.5})
    assert f"[{24 * '#'}] 0 s left" in stream.getvalue()


@pytest.mark.parametrize(
    "seconds, text", [(0.2, "0 s"), (59.6, "1 min 00 s"), (200, "3 min 20 s"), (7500, "2 h 05 min")]
)
def test_a_time_span_is_said_in_words(seconds, text):
    assert duration(seconds) == text
