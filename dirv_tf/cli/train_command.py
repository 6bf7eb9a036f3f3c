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
from dirv_tf.training.execution.local_workers import train_in_local_workers
from dirv_tf.training.execution.run_folder import RESULTS_FOLDER, RunFolder
from dirv_tf.training.execution.worker_cluster import cluster_of
from dirv_tf.validation import ConfigError

_EPILOG = """\
examples:
  {prog} my_run.yaml --output my_run           a file of your own, results in the folder my_run
  {prog} my_run.yaml --set training.epochs=3 --set model.experts=8
  {prog} --resume my_run                       go on with a stopped run
  {prog} my_run.yaml --output my_run --continue
                                                      begin it, or go on with it where it was begun
  {prog} my_run.yaml --output my_run --local-workers 2
                                                      share the work among two processes of this machine
  {prog} --list                                the runs that have a name: the YAML files of a folder
  {prog} A-6 --preset quick                    one of them, with the settings of its preset

A run writes its whole configuration, its history, checkpoints, test metrics, weights and TensorBoard logs into one
folder; `dirv-tf register --model FOLDER` takes the weights from there. Where its file has a section `reference`, those
metrics are printed beside its own. Ctrl-C or SIGTERM stops it after the current step; --resume goes on after its last
epoch, with the same result as if it had never stopped. The same seed gives the same result on the same machine.
With training.distribution.kind=multi_worker this command is given to every worker, see docs/distributed_training.md; a
worker ends with status 75 where another one has ended.
"""
# For Python and TensorFlow to end in order after another worker has gone.
_SECONDS_TO_LEAVE = 30.0
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
        Exit status: 0 done, 1 the training failed, 2 wrong command line or configuration, 75 another worker ended, 130
        stopped by Ctrl-C, 143 by SIGTERM.
    """
    try:
        if options.list:
            return _list_runs(options.runs)
        if options.local_workers:
            return _start_workers(options)
        folder, config = _read(options)
        if options.go_on and folder.metrics_json.is_file():
            print(f"Finished already: {folder.path}")
            return 0
        # Before TensorFlow is loaded.
        if _is_chief(config):
            check_output_folder(folder.path)
    except ConfigError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return _execute(config, folder, options)


def _execute(config, folder, options):
    from dirv_tf.training.execution.checkpoints import CheckpointError
    from dirv_tf.training.execution.interruption import TrainingDiverged, TrainingInterrupted, stopping_signal
    from dirv_tf.training.execution.run import execute
    from dirv_tf.training.execution.worker_loss import WORKER_LOST, WorkerLost, leave_within

    try:
        execute(config, folder, tensorboard=not options.no_tensorboard)
    except (TrainingInterrupted, KeyboardInterrupt) as stop:
        print(f"Stopped. {_how_to_go_on(config, folder, options)}", file=sys.stderr)
        return stopped_status(stopping_signal(stop))
    except WorkerLost as error:
        print(f"error: {error}", file=sys.stderr)
        print(_how_to_go_on(config, folder, options), file=sys.stderr)
        leave_within(_SECONDS_TO_LEAVE, WORKER_LOST)
        return WORKER_LOST
    except ConfigError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except (TrainingDiverged, CheckpointError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


def _start_workers(options):
    """Start the workers of this machine, with the same command but for the option that asks for them."""
    if not options.resume:
        options.set = [*options.set, "training.distribution.kind=multi_worker"]
    folder, config = _read(options)
    if config.training.distribution.kind != "multi_worker":
        raise ConfigError(
            "Expected a run of 'training.distribution.kind' multi_worker to go on with in several workers. "
            f"Received: {config.training.distribution.kind}, local_workers={options.local_workers}"
        )
    check_output_folder(folder.path)
    if options.resume:
        arguments = ["--resume", str(folder.path)]
    else:
        arguments = [options.name, "--output", str(folder.path), *(["--continue"] if options.go_on else [])]
        arguments += [f"--set={text}" for text in options.set]
        arguments += [] if options.preset is None else ["--preset", options.preset]
        arguments += [] if options.seed is None else ["--seed", str(options.seed)]
        if options.runs:
            folders = options.runs if isinstance(options.runs, (list, tuple)) else [options.runs]
            os.environ[RUNS_VARIABLE] = os.pathsep.join(map(str, folders))
    arguments += ["--no-tensorboard"] if options.no_tensorboard else []
    return train_in_local_workers(options.local_workers, ["train", *arguments])


def _how_to_go_on(config, folder, options):
    if config.training.distribution.kind != "multi_worker":
        if config.training.teacher is not None and not folder.config.is_file():
            # It was stopped before the run began, while the teacher was at work.
            return "To go on: the same command again"
        return f"To go on: {options.command} --resume {folder.path}"
    # --resume reads the folder, which other workers may not see.
    begun = options.output or options.resume or (folder.path if _is_chief(config) else "FOLDER_OF_THE_CHIEF")
    return f"To go on, on all workers: the first command again, with --output {begun} --continue"


def _is_chief(config):
    cluster = cluster_of(config.training.distribution)
    return cluster is None or cluster.is_chief


def _read(options):
    if options.resume:
        given = {"a run": options.name, "--preset": options.preset, "--output": options.output, "--seed": options.seed}
        given.update({"--set": options.set or None, "--continue": options.go_on or None})
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
    if options.go_on and not options.output:
        raise ConfigError("--continue needs the folder to begin or to go on in: --output")
    if options.go_on and RunFolder(options.output).config.is_file():
        return RunFolder.begun(config, options.output), config
    if not options.local_workers and not _is_chief(config):
        # The chief writes, perhaps on another machine.
        return RunFolder(options.output or options.results), config
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


def _number_of_workers(text):
    number = int(text)
    if not 1 <= number <= 1024:
        raise argparse.ArgumentTypeError(f"Expected an integer from 1 to 1024. Received: {text}")
    return number


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
    parser.add_argument(
        "--continue", dest="go_on", action="store_true",
        help="with --output: begin the run, or go on with it where the folder holds a part of it",
    )
    parser.add_argument(
        "--local-workers", metavar="N", type=_number_of_workers,
        help="share the work among N processes of this machine (training.distribution.kind=multi_worker)",
    )
    parser.add_argument("--no-tensorboard", action="store_true", help="write no TensorBoard logs and pictures")
