import contextlib
import importlib.util
import io
import json
import runpy
import sys
import time

import pytest
import skimage.io

from experiments.benchmark import __main__ as command
from experiments.benchmark import first_answer, run, step_memory, timing
from experiments.benchmark.fresh_process import run_python
from experiments.benchmark.plan import FULL, QUICK
from experiments.benchmark.rows import OURS, SETTINGS, TEXTBOOK, rows_of_times

TINY = {
    "units": 1,
    "experts": 2,
    "training_side": 16,
    "training_batch": 2,
    "inference_sides": (16, 32),
    "demons_sides": (16,),
    "error_pairs": 1,
    "first_answers": ((2, 64),),
    "new_sizes": 1,
    "xla_sides": (16,),
    "memory_of": (OURS,),
    "memory_batch": 2,
    "seconds": 0.0,
}


@pytest.fixture
def without_warm_ups(monkeypatch):
    """Every call is measured: functions that run as they are written have no first call to leave out."""
    monkeypatch.setattr(timing, "_WARM_UPS", 0)


def run_python_here(option, what, *arguments):
    """Run what a fresh process would, in this one, which has imported TensorFlow already."""
    said, begun = io.TextIOWrapper(io.BytesIO()), time.perf_counter()
    with pytest.MonkeyPatch.context() as patch, contextlib.redirect_stdout(said):
        if option == "-c":
            exec(what, {})
        else:
            path = importlib.util.find_spec(f"{what}.__main__" if what == "dirv_tf" else what).origin
            patch.setattr(sys, "argv", [path, *arguments])
            try:
                runpy.run_path(path, run_name="__main__")
            except SystemExit as end:
                assert not end.code, end
    said.seek(0)
    return time.perf_counter() - begun, said.read()


def test_quick_with_tiny_sizes_writes_whole_files(tmp_path, monkeypatch, capsys, untraced, without_warm_ups):
    # The memory of a step is measured in a process of its own here as well.
    monkeypatch.setattr(first_answer, "run_python", run_python_here)
    monkeypatch.setattr(command, "QUICK", QUICK._replace(**TINY))
    assert command.main(["--quick", "--training-side", "16", "--output", str(tmp_path / "out")]) == 0
    said = capsys.readouterr().out
    assert "[1/5] memory of a training step" in said and "Targets:" in said and "left)" in said
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"benchmark.json", "benchmark.md", "benchmark.png"}
    result = json.loads((tmp_path / "out" / "benchmark.json").read_text(encoding="utf-8"))
    assert {"date", "versions", "hardware", "plan", "seconds"} < set(result)
    measured = {(row["section"], row["name"]): row for row in result["rows"]}
    step = measured["training step", "textbook"]
    assert step["unit"] == "ms" and step["value"]["repetitions"] == 3 and step["ratio"]["median"] > 0
    assert step["value"]["lower_quartile"] <= step["value"]["median"] <= step["value"]["upper_quartile"]
    assert ("training step", "arithmetic floor") in measured and ("inference 32²", "VoxelMorph") in measured
    of_sides = {side: {name for section, name in measured if section == f"inference {side}²"} for side in (16, 32)}
    assert of_sides[16] - of_sides[32] == {"demons", "dirv_tf, whole under XLA"}
    assert {"dirv_tf", "dirv_tf, mixed_bfloat16", "textbook"} < of_sides[32]
    assert all("endpoint error" in measured["inference 16²", name]["note"] for name in ("demons", "dirv_tf"))
    for name in ("import of TensorFlow", "first pair from the shell", "new size", "repeated size"):
        assert measured["first answer, 64²", name]["value"]["median"] > 0
    assert "times the import" in measured["first answer, 64²", "first pair from the shell"]["note"]
    assert measured["peak memory", "dirv_tf"]["value"]["median"] > 0
    assert all(measured["training step", name]["value"]["median"] > 0 for name in SETTINGS)
    page = (tmp_path / "out" / "benchmark.md").read_text(encoding="utf-8")
    assert all(f"| {name} |" in page for _, name in measured)
    assert skimage.io.imread(tmp_path / "out" / "benchmark.png").std() > 10


def test_parts_growth_and_volumes(untraced, without_warm_ups):
    plan = FULL._replace(**TINY, volume_side=12, volume_batch=1, volume_units=1)
    plan = plan._replace(scaled_units=(1, 2), scaled_experts=(2, 3))
    stages = {name: measure for name, _, measure in run._stages(plan, print)}
    parts = {(row.section, row.name): row for row in stages["parts of a unit"]()}
    shared = [row for (section, _), row in parts.items() if section.startswith("parts")]
    total = parts["sum and whole", "sum of the parts"].value.median
    assert sum(row.value.median for row in shared) == pytest.approx(total)
    growth = stages["growth with the network"]()
    assert [row.name for row in growth] == ["1", "2", "2", "3"]
    assert len(stages["volumes"]()) == 2
    assert "inference" in stages
    inference = rows_of_times("inference 16²", {"dirv_tf": [1.0, 2.0], "demons": [3.0, 4.0]})
    assert len(run.benchmark_figure([*parts.values(), *growth, *inference], (16,)).axes) == 4


def test_a_fresh_process_knows_the_checkout_and_says_why_it_failed():
    seconds, said = run_python("-c", "import sys, experiments; print('tensorflow' in sys.modules)")
    assert seconds > 0 and said == "False\n"
    with pytest.raises(RuntimeError, match="(?s)A process that is measured failed, -c .*no such step"):
        run_python("-c", "raise SystemExit('no such step')")


def test_memory_is_compared_with_ours(monkeypatch):
    needed = {OURS: 10.0, TEXTBOOK: 25.0}
    monkeypatch.setattr(step_memory, "_in_fresh_process", lambda name, plan: needed[name])
    ours, textbook = step_memory.measure_memory(QUICK)
    assert (ours.name, ours.value.median, ours.ratio) == (OURS, 10.0, None)
    assert (textbook.name, textbook.value.median, textbook.ratio.median) == (TEXTBOOK, 25.0, 2.5)


def test_a_failure_is_an_exit_status(tmp_path, monkeypatch, capsys):
    def fail(plan):
        raise RuntimeError("no memory")

    monkeypatch.setattr(run, "measure_memory", fail)
    assert command.main(["--quick", "--output", str(tmp_path / "out")]) == 1
    assert capsys.readouterr().err == "error: no memory\n"
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("side", ["20", "0", "-16"])
def test_a_side_that_does_not_fit_is_refused(side, capsys):
    with pytest.raises(SystemExit):
        command.main(["--training-side", side])
    assert "Expected a multiple of 16" in capsys.readouterr().err
