"""The commands of the experiments try their outputs before they measure anything."""

import errno
import os

import pytest

from dirv_tf.io import output_paths
from experiments.benchmark.run import benchmark
from experiments.comparison.real.run import compare_on_real_pairs
from experiments.comparison.robustness.run import measure_robustness
from experiments.comparison.run import compare
from experiments.demo.page import DemoPage
from experiments.reliability.kills import kill_often
from experiments.reliability.long_life import live_long
from experiments.reproduction.report.page import write_reproduction
from experiments.studies.run import carry_out_study


class Untouched:
    """An argument that must not be used before the output was tried."""

    def __getattr__(self, name):
        raise AssertionError(f"used: {name}")


@pytest.mark.parametrize("command", [
    lambda out: benchmark(Untouched(), out),
    lambda out: compare(Untouched(), Untouched(), out, 1, 1, 1),
    lambda out: compare_on_real_pairs(Untouched(), Untouched(), out / "real.json"),
    lambda out: measure_robustness([], out),
    lambda out: DemoPage(out),
    lambda out: carry_out_study(Untouched(), "quick", out),
    lambda out: write_reproduction(Untouched(), out),
    lambda out: live_long(20, 1, ["default"], out),
    lambda out: kill_often(10, out),
], ids=["benchmark", "classical", "real", "robustness", "demo", "study", "report", "long_life", "kills"])
def test_an_output_is_tried_first(command, tmp_path, monkeypatch):
    def refuse(path, *_):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), path)

    monkeypatch.setattr(output_paths.os, "open", refuse)
    with pytest.raises(PermissionError, match=f"Permission denied: '{tmp_path}/out"):
        command(tmp_path / "out")
    assert list(tmp_path.iterdir()) == []
