"""`dirv-tf train`: trains and tests a network as a YAML file says."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from dirv_tf.cli.command_line import add_command
from dirv_tf.io.output_paths import check_output_folder
from dirv_tf.stop_signals import stopped_status
from dirv_tf.training.config.config_loading import RUNS_VARIABLE, known_runs, load_run, parse_override
from dirv_tf.training.execution.run_folder import RESULTS_FOLDER, RunFolder
from dirv_tf.validation import ConfigError

_EPILOG = """\
examples:
  {prog} my_run.yaml --output my_run           a file of your own, results in the folder my_run
  {prog} my_run.yaml --set training.epochs=3 --set model.experts=8
  {prog} --resume my_run                       go on with a stopped run
  {prog} --list                                the runs that have a name: the YAML files of a folder
  {prog} A-6 --preset quick                    one of them, with the settings of its preset

A run writes its whole configuration, its history, checkpoints, test metrics, weights and TensorBoard logs into one
folder; `dirv-tf register --model FOLDER` takes the weights from there. Where its file has a section `reference`, those
metrics are printed beside its own. Ctrl-C or SIGTERM stops it after the current step; --resume goes on after its last
epoch, with the same result as if it had never stopped. The same seed gives the same result on the same machine.
"""
_DESCRIPTION = "Trains a network, tests it on unseen pairs, and writes weights, metrics and curves into one folder."


def add_parser(commands):
    """Add the subcommand to `dirv-tf`."""
    parser = add_command(
        commands,
        "train",
        "train and test a network as a YAML file says",
        _DESCRIPTION,
        _EPILOG.format(prog="dirv-tf train"),
        run,
    )
    _add_arguments(parser)
    parser.set_defaults(command="dirv-tf train")


def standalone_parser(prog, runs, results):
    """Return a parser of the training's arguments alone, for another command.

    Parameters
    ----------
    prog : str
        How the command is called.
    runs : sequence of Path
        Where runs are looked up by name.
    results : Path
        Holds the folders of the results.

    Returns
    -------
    argparse.ArgumentParser
    """
    parser = argparse.ArgumentParser(
        prog=prog,
        description=_DESCRIPTION,
        epilog=_EPILOG.format(prog=prog),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    _add_arguments(parser, runs, results)
    parser.set_defaults(command=prog)
    return parser


def run(options):
    """Carry out the run that the options describe.

    Returns
    -------
    int
        Exit status: 0 done, 1 the training failed, 2 wrong command line or configuration, 130 stopped by Ctrl-C, 143 by
        SIGTERM.
    """
    try:
        if options.list:
            return _list_runs(options.runs)
        folder, config = _read(options)
    except ConfigError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return _execute(config, folder, options)


def _execute(config, folder, options):
    # Before TensorFlow is loaded.
    check_output_folder(folder.path)
    from dirv_tf.training.execution.checkpoints import CheckpointError
    from dirv_tf.training.execution.interruption import TrainingDiverged, TrainingInterrupted, stopping_signal
    from dirv_tf.training.execution.run import execute

    try:
        execute(config, folder, tensorboard=not options.no_tensorboard)
    except (TrainingInterrupted, KeyboardInterrupt) as stop:
        print(f"Stopped. To go on: {options.command} --resume {folder.path}", file=sys.stderr)
        return stopped_status(stopping_signal(stop))
    except ConfigError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except (TrainingDiverged, CheckpointError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


def _read(options):
    if options.resume:
        given = {"a run": options.name, "--preset": options.preset, "--output": options.output, "--seed": options.seed}
        given["--set"] = options.set or None
        for name, value in given.items():
            if value is not None:
                raise ConfigError(f"--resume goes on with the run's own settings; leave out {name}. Received: {value}")
        return RunFolder.existing(options.resume)
    if not options.name:
        known = ", ".join(known_runs(options.runs)) or "none"
        raise ConfigError(f"Expected a YAML file or the name of a run. Known runs: {known}")
    overrides = dict(parse_override(text) for text in options.set)
    if options.seed is not None:
        overrides["seeds.training"] = options.seed
    config = load_run(options.name, options.preset, overrides, options.runs)
    return RunFolder.new(config, options.output, options.results), config


def _list_runs(folder):
    for name in known_runs(folder):
        try:
            config = load_run(name, folder=folder)
        except ConfigError as error:
            # The working folder may hold YAML files of other kinds.
            print(f"left out: {error}", file=sys.stderr)
            continue
        size = "×".join(map(str, config.data.size))
        print(f"{name:13} {config.parameters:>8,} parameters  {size:9} {config.description}")
    return 0


def _add_arguments(parser, runs=None, results=RESULTS_FOLDER):
    parser.add_argument("name", nargs="?", metavar="run", help="a YAML file, or the name of one without its ending")
    parser.add_argument(
        "--runs",
        metavar="DIR",
        type=Path,
        default=runs,
        help="folder where runs are looked up by name "
        f"(default: {', '.join(map(os.path.relpath, runs)) if runs else f'${RUNS_VARIABLE}, else the working folder'})",
    )
    parser.add_argument("--list", action="store_true", help="list the runs that have a name and stop")
    parser.add_argument("--preset", help="lay a preset of the run's file over it")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="change a setting; repeatable")
    parser.add_argument("--seed", type=int, help="seed of weights and training pairs (seeds.training)")
    parser.add_argument(
        "--output", metavar="DIR", help=f"folder of the results (default: one in {os.path.relpath(results)})"
    )
    parser.set_defaults(results=results)
    parser.add_argument("--resume", metavar="DIR", help="go on with the stopped run in this folder")
    parser.add_argument("--no-tensorboard", action="store_true", help="write no TensorBoard logs and pictures")
