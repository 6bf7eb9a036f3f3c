"""One benchmark from start to end: measure, say what is being measured, write it down."""

from __future__ import annotations

import datetime
import time

from dirv_tf.figures.canvas import save_figure
from dirv_tf.io.atomic_write import write_json, write_text
from dirv_tf.io.output_paths import check_output_folder
from dirv_tf.training.execution.environment import hardware, hardware_line, versions
from dirv_tf.training.execution.progress import duration
from experiments.benchmark.first_answer import measure_first_answer
from experiments.benchmark.inference import measure_inference
from experiments.benchmark.pair_making import measure_pair_making
from experiments.benchmark.picture import benchmark_figure
from experiments.benchmark.scaling import measure_scaling
from experiments.benchmark.shared_steps import measure_shared_steps
from experiments.benchmark.step_memory import measure_memory
from experiments.benchmark.table import markdown, target_lines, text_lines
from experiments.benchmark.targets import targets
from experiments.benchmark.training_steps import measure_training, measure_volumes
from experiments.benchmark.unit_parts import measure_parts


def benchmark(plan, folder, report=print):
    """Measure everything in a plan and write benchmark.json, benchmark.md and benchmark.png.

    Parameters
    ----------
    plan : Plan
    folder : path
        Where the files go; older ones are replaced, when everything is measured.
    report : callable
        Says a line of text.

    Returns
    -------
    dict
        What benchmark.json holds.
    """
    folder = check_output_folder(folder)
    begun, found = time.monotonic(), hardware()
    report(f"Benchmark of dirv_tf, {plan.name}: {hardware_line(found)}")
    rows = []
    stages = _stages(plan, report)
    all_shares = sum(share for _, share, _ in stages)
    done = 0
    for number, (name, share, measure) in enumerate(stages, start=1):
        passed = time.monotonic() - begun
        # The first guess is for two cores; later ones follow the pace of this machine.
        left = (all_shares - done) * (passed / done if done else 1)
        report(f"[{number}/{len(stages)}] {name} ... (about {duration(left)} left)")
        measured = measure()
        rows += measured
        done += share
        for line in text_lines(measured):
            report(line)
    result = {
        "date": datetime.datetime.now().astimezone().isoformat(timespec="seconds"),
        "plan": plan,
        "seconds": round(time.monotonic() - begun, 1),
        "versions": versions(),
        "hardware": found,
        "targets": targets(rows),
        "rows": rows,
    }
    report("Targets:")
    for line in target_lines(result["targets"]):
        report(line)
    save_figure(benchmark_figure(rows, plan.inference_sides), folder / "benchmark.png")
    write_text(folder / "benchmark.md", markdown(result))
    write_json(folder / "benchmark.json", _as_mappings(result))
    report(f"Written: {folder}/benchmark.md, benchmark.json and benchmark.png")
    return result


def _stages(plan, report):
    """Name, seconds expected on two cores, and function, of every measurement."""
    one_process = 12 + 0.2 * plan.memory_batch
    stages = [
        # First, while this process is small.
        ("memory of a training step", len(plan.memory_of) * one_process, lambda: measure_memory(plan)),
        (
            "first answer",
            20 * len(plan.first_answers) * plan.first_answer_turns,
            lambda: measure_first_answer(plan),
        ),
        ("training step", 35 + 2 * plan.seconds, lambda: measure_training(plan)),
        (
            "inference",
            15 + len(plan.inference_sides) * (6 + plan.seconds) + plan.seconds + 6 * len(plan.xla_sides),
            lambda: measure_inference(plan, lambda text: report(f"  {text} ...")),
        ),
    ]
    if plan.volume_run:
        stages.append(("volumes", 20 + plan.seconds, lambda: measure_volumes(plan)))
    if plan.parts:
        stages.append(("parts of a unit", 15 + 2 * plan.seconds, lambda: measure_parts(plan)))
    if plan.scaled_units or plan.scaled_experts:
        stages.append(("growth with the network", 40 + 2 * plan.seconds, lambda: measure_scaling(plan)))
    if plan.shared_devices:
        stages.append(("shared steps", 60 + 2 * plan.seconds, lambda: measure_shared_steps(plan)))
    return [*stages, ("making of pairs", 3 + min(plan.seconds, 6.0), lambda: measure_pair_making(plan))]


def _as_mappings(value):
    """Named tuples as dictionaries, in depth."""
    if hasattr(value, "_asdict"):
        value = value._asdict()
    if isinstance(value, dict):
        return {key: _as_mappings(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_as_mappings(item) for item in value]
    return value
