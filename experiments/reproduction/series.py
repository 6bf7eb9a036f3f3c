"""The runs of a series, those carried out that are not finished yet."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from dirv_tf.metrics.names import FINEST, REDUCTIONS
from dirv_tf.stop_signals import stopped_status
from dirv_tf.training.config.config_loading import load_run
from dirv_tf.training.execution.checkpoints import CheckpointError
from dirv_tf.training.execution.interruption import TrainingDiverged, TrainingInterrupted, stopping_signal
from dirv_tf.training.execution.progress import duration
from dirv_tf.training.execution.run import execute
from dirv_tf.training.execution.run_folder import RunFolder
from dirv_tf.validation import ConfigError
from experiments.reproduction.time_left import TimeLeft

NEW, STOPPED, FINISHED = "new", "was stopped, goes on", "finished before"


def carry_out(configs, output, tensorboard=True, say=print):
    """Carry out runs, those that are finished left out, and say how all of them came out.

    Parameters
    ----------
    configs : list of RunConfig
    output : path
        Holds the folders of the runs, older ones too.
    tensorboard : bool
        Whether to write TensorBoard logs and pictures.
    say : callable
        Says a line of text.

    Returns
    -------
    int
        Exit status: 0 all done, 1 a run failed, 130 stopped by Ctrl-C, 143 by SIGTERM.
    """
    found = [find_folder(config, output) for config in configs]
    clock = TimeLeft()
    for config, (folder, state) in zip(configs, found):
        if state == FINISHED:
            clock.add(config, folder)
    waiting = [config for config, (_, state) in zip(configs, found) if state != FINISHED]
    say(f"{len(configs)} runs, {len(configs) - len(waiting)} of them finished before.")
    results = []
    for number, (config, (folder, state)) in enumerate(zip(configs, found), start=1):
        say(f"\n=== {config.name}, run {number} of {len(configs)}: {state}")
        if state != FINISHED:
            say(clock.say(waiting))
            try:
                execute(config, folder, tensorboard=tensorboard, report=say)
                clock.add(config, folder)
            except (TrainingInterrupted, KeyboardInterrupt) as stop:
                say("Stopped. To go on, give the same command again.")
                return stopped_status(stopping_signal(stop))
            except (TrainingDiverged, CheckpointError, ConfigError) as error:
                print(f"error: {config.name}: {error}", file=sys.stderr)
                state = f"failed: {type(error).__name__}"
            waiting.remove(config)
        results.append((config, folder, state))
    say(f"\nAll is in {output}")
    for line in _table(results):
        say(line)
    return 1 if any(state.startswith("failed") for *_, state in results) else 0


def find_folder(config, output):
    """Find the folder of a run among older ones: finished, stopped, or a new one.

    Parameters
    ----------
    config : RunConfig
    output : path
        Holds folders of runs.

    Returns
    -------
    pair of RunFolder and str
        The folder, and `FINISHED`, `STOPPED` or `NEW`. A run counts as this one when all its settings are the same.
    """
    stopped = None
    for path in sorted(Path(output).glob("*/config.yaml"), reverse=True):
        try:
            same = load_run(path) == config
        except ConfigError:
            # Written by another version of the package, so not with these settings.
            continue
        folder = RunFolder(path.parent)
        if same and folder.metrics_json.is_file():
            return folder, FINISHED
        if same:
            stopped = stopped or folder
    if stopped:
        return stopped, STOPPED
    return RunFolder.new(config, results=output), NEW


def _table(results):
    # A line per run: its test metrics, its reference, its time, and what became of it.
    reductions = " / ".join(metric.label for metric in REDUCTIONS) + " %"
    lines = [f"{'run':8}{reductions:>19}{'finest level':>15}{'reference':>15}{'time':>15}  state"]
    for config, folder, state in results:
        file = folder.metrics_json
        measured = json.loads(file.read_text(encoding="utf-8"))["test"] if file.is_file() else {}
        reference = config.reference.metrics if config.reference else {}
        seconds = folder.read_record().get("seconds")
        lines.append(
            f"{config.name:8}{_pair(measured):>19}{_pair(measured, FINEST):>15}"
            f"{_pair(reference):>15}{duration(seconds) if seconds else '–':>15}  {state}"
        )
    return lines


def _pair(measured, suffix=""):
    values = [measured.get(metric.key + suffix) for metric in REDUCTIONS]
    return " / ".join("–" if value is None else f"{value:.1f}" for value in values)
