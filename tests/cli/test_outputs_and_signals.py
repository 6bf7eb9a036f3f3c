"""Faults at the command line: outputs that cannot be written, full disks, want of memory, signals."""

import errno
import os
import shutil
import signal

import numpy as np
import pytest

from dirv_tf.cli import info_command
from dirv_tf.cli.main import main
from dirv_tf.io import atomic_write, output_paths
from dirv_tf.registration.route import pair_route

RUN = """\
name: mine
description: the smallest run
model: {levels: 1, units: 1, experts: 2, knots: 4, kernel_sizes: [3, 3]}
data: {kind: chessboard, size: [16, 16], cell_range: [3, 5], transform: both, train_images: 4, test_images: 4}
training: {epochs: 1, batch_size: 2, learning_rate: 1e-3, schedule: constant, loss: displacement}
seeds: {training: 42, testing: 77}
evaluation: {batch_size: 2, validation_images: 2}
"""
COMMANDS = [
    "register fixed.png moving.png -o OUT/result --model model",
    "register --pairs pairs.csv -o OUT/pairs --model model",
    "warp moving.png result/flow_field.npz -o OUT/warped.png",
    "warp points.csv result/flow_field.npz -o OUT/points.csv",
    "invert result -o OUT/inverse",
    "invert result -o OUT/inverse.npz",
    "compose result result -o OUT/composed",
    "compose result result -o OUT/composed.npz",
    "evaluate result/flow_field.npz -o OUT/metrics.json",
    "train mine.yaml --output OUT/run",
    "report . -o OUT/report",
    "tissue sections -o OUT/patches",
]


def no_space(*_):
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


@pytest.fixture
def files(pair, model, save_shift, inside):
    save_shift("result", (1.0, 2.0))
    (inside / "points.csv").write_text("X,Y\n3,4\n", encoding="utf-8")
    (inside / "pairs.csv").write_text("fixed,moving\nfixed.png,moving.png\n", encoding="utf-8")
    (inside / "mine.yaml").write_text(RUN, encoding="utf-8")
    for tissue in "ab":
        (inside / "sections" / tissue).mkdir(parents=True)
        shutil.copy("fixed.png", inside / "sections" / tissue)


@pytest.mark.parametrize("command", COMMANDS)
def test_an_output_is_tried_before_anything_is_read_or_computed(files, inside, command, monkeypatch, capsys):
    def refuse(path, *_):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), path)

    def too_late(*_, **__):
        raise AssertionError("computed although nothing can be written")

    monkeypatch.setattr(output_paths.os, "open", refuse)
    for name in (
        "dirv_tf.registration.register", "dirv_tf.registration.pairs.one_pair.register",
        "dirv_tf.registration.apply_to_image", "dirv_tf.registration.apply_to_landmarks",
        "dirv_tf.registration.invert_field", "dirv_tf.registration.RegistrationResult.inverse",
        "dirv_tf.registration.compose_fields", "dirv_tf.registration.RegistrationResult.compose",
        "dirv_tf.registration.evaluate_field", "dirv_tf.training.execution.run.build_model",
        "dirv_tf.report.page.run_sections", "dirv_tf.datasets.tissue_set.cut_patches",
    ):
        monkeypatch.setattr(name, too_late)
    before = sorted(inside.rglob("*"))
    assert main(command.replace("OUT", "out").split()) == 1
    error = capsys.readouterr().err
    output = command.split("OUT/")[1].split()[0]
    assert error.startswith("error: [Errno 13] Permission denied: '") and error.count("\n") == 1
    assert f"out/{output}'" in error and sorted(inside.rglob("*")) == before


def test_a_disk_that_becomes_full_keeps_earlier_results(files, inside, monkeypatch, capsys):
    before = {path: path.read_bytes() for path in inside.rglob("*") if path.is_file()}
    with monkeypatch.context() as patch:
        patch.setattr(atomic_write.os, "fsync", no_space)
        # The trial finds no fault: the disk becomes full later.
        patch.setattr("dirv_tf.io.output_paths._try", lambda *_: None)
        for command, output in (
            ("register fixed.png moving.png -o result --model model --overwrite", "result/registered.png"),
            ("warp moving.png result/flow_field.npz -o moving.png --overwrite", "moving.png"),
            ("invert result -o result --overwrite", "result/registered.png"),
            ("invert result -o inverse.npz", "inverse.npz"),
        ):
            assert main(command.split()) == 1
            assert "error: [Errno 28] No space left on device: '" in (error := capsys.readouterr().err)
            assert error.rstrip().endswith(f"{output}'")
    assert {path: path.read_bytes() for path in inside.rglob("*") if path.is_file()} == before
    assert not [path for path in inside.rglob(".*")]


def test_a_folder_that_is_there_and_empty_takes_the_results(pair, model, inside):
    """It may be all that can be written, or a file system of its own: nothing is written beside it."""
    (inside / "place" / "result").mkdir(parents=True)
    number = (inside / "place").stat().st_mtime_ns
    assert main(["register", "fixed.png", "moving.png", "-o", "place/result", "--model", "model"]) == 0
    assert (inside / "place" / "result" / "metrics.json").is_file()
    assert (inside / "place").stat().st_mtime_ns == number


@pytest.mark.parametrize("number, status", [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
@pytest.mark.parametrize("error", [None, ImportError("initialization failed")])
def test_a_signal_is_a_line_and_a_status_also_where_a_library_takes_it_for_an_error(
    number, status, error, monkeypatch, capsys, usual_signals
):
    def stopped(options):
        try:
            signal.raise_signal(number)
        except KeyboardInterrupt:
            if error is None:
                raise
            raise error from None

    before = signal.getsignal(number)
    monkeypatch.setattr(info_command, "run", stopped)
    assert main(["info"]) == status
    assert capsys.readouterr().err == "Stopped.\n" and signal.getsignal(number) == before


def test_a_signal_while_results_are_written_leaves_no_temporary_file(files, inside, monkeypatch, capsys):
    monkeypatch.setattr(
        "dirv_tf.registration.results.result_folder.write_itk_transform", lambda *_: signal.raise_signal(signal.SIGTERM)
    )
    assert main(["register", "fixed.png", "moving.png", "-o", "new", "--model", "model"]) == 143
    assert capsys.readouterr().err == "Stopped.\n"
    assert not (inside / "new").exists() and not [path for path in inside.rglob(".*")]


def test_want_of_memory_is_said_with_the_sizes(files, monkeypatch, capsys):
    monkeypatch.setattr(pair_route, "placed", lambda *_: np.empty((2**20, 2**20, 2**10)))
    assert main(["register", "fixed.png", "moving.png", "-o", "new", "--model", "model"]) == 1
    error = capsys.readouterr().err
    assert error.startswith("error: Expected memory for a pair of 24 x 32 and 24 x 32 pixels; smaller images need less")
    assert "Received: Unable to allocate" in error and error.count("\n") == 1


def test_the_help_names_every_status(capsys):
    with pytest.raises(SystemExit):
        main(["--help"])
    text = " ".join(capsys.readouterr().out.split())
    statuses = ("0 done", "1 failed", "2 wrong command line", "130 stopped by Ctrl-C", "143 stopped by SIGTERM")
    assert all(status in text for status in statuses)
