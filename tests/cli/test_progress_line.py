import io

from dirv_tf.cli.progress_line import ProgressLine


class _Terminal(io.StringIO):
    def isatty(self):
        return True


def test_a_terminal_sees_a_bar_with_the_time_left(monkeypatch):
    now = [100.0]
    monkeypatch.setattr("time.monotonic", lambda: now[0])
    terminal = _Terminal()
    line = ProgressLine(terminal)
    line(0, 4, "first.tif")
    now[0] += 30
    line(1, 4, "second.tif")
    drawn = terminal.getvalue().split("\r")[1:]
    assert "0/4  time left: …  first.tif" in drawn[0]
    assert drawn[1].startswith("[######..................] 1/4  1 min 30 s left  second.tif")
    line.end()
    assert terminal.getvalue().endswith("\r\x1b[K")


def test_a_file_sees_nothing():
    stream = io.StringIO()
    line = ProgressLine(stream)
    line(1, 2, "a")
    line.end()
    assert stream.getvalue() == ""
