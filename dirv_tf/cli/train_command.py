"""`dirv-tf train`: trains and tests a network as a YAML file says."""

from __future__ import annotations

import argparse
import sys

from dirv_tf.cli.command_line import add_command
from dirv_tf.training.config.config_loading import known_runs, load_run, parse_override
from dirv_tf.validation import ConfigError
from dirv_tf.training.execution.run_folder import RunFolder

_EPILOG = """\
examples:
  {prog} my_run.yaml --output my_run           a file of your own, results in the folder my_run
  {prog} my_run.yaml --set training.epochs=3 --set model.experts=8
  {prog} --resume my_run                       go on with a stopped run
  {prog} --list                                the thesis's runs (in a checkout of dirv_tf)
  {prog} A-6 --preset quick                    one of them, a few minutes on two processor cores

A run writes its whole configuration, its history, checkpoints, test figures, weights and TensorBoard logs into one
folder; `dirv-tf register --model FOLDER` takes the weights from there. Ctrl-C or SIGTERM stops it after the current
step; --resume goes on after its last epoch, with the same result as if it had never stopped. The same seed gives the
same result on the same machine.
"""
_DESCRIPTION = "Trains a network, tests it on unseen pairs, and writes weights, figures and curves into one folder."


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


def standalone_parser(prog):
    """Return a parser of the training's arguments alone, for another command such as `python -m experiments.run`."""
    parser = argparse.ArgumentParser(
        prog=prog,
        description=_DESCRIPTION + " For the thesis's runs it also prints the thesis's figures.",
        epilog=_EPILOG.format(prog=prog),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    _add_arguments(parser)
    parser.set_defaults(command=prog)
    return parser


def run(options):
    """Carry out the run that the options describe.

    Returns
    -------
    int
        Exit status: 0 done, 1 the training failed, 2 wrong command line or configuration, 130 stopped.
    """
    try:
        if options.list:
            return _list_runs()
        folder, config = _read(options)
    except ConfigError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return _execute(config, folder, options)


def _execute(config, folder, options):
    from dirv_tf.training.execution.interruption import TrainingDiverged, TrainingInterrupted
    from dirv_tf.training.execution.run import execute
    from dirv_tf.training.execution.training_state import CheckpointError

    try:
        execute(config, folder, tensorboard=not options.no_tensorboard)
    except (TrainingInterrupted, KeyboardInterrupt):
        print(f"Stopped. To go on: {options.command} --resume {folder.path}", file=sys.stderr)
        return 130
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
        raise ConfigError(f"Expected the name of a run or a YAML file. Known runs: {', '.join(known_runs()) or 'none'}")
    overrides = dict(parse_override(text) for text in options.set)
    if options.seed is not None:
        overrides["seeds.training"] = options.seed
    config = load_run(options.name, options.preset, overrides)
    return RunFolder.new(config, options.output), config


def _list_runs():
    for name in known_runs():
        config = load_run(name)
        size = "×".join(map(str, config.data.size))
        print(f"{name:6} {config.parameters:>8,} parameters  {size:9} {config.description}")
    return 0


def _add_arguments(parser):
    parser.add_argument("name", nargs="?", metavar="run", help="a YAML file, or the name of a run such as A-6")
    parser.add_argument("--list", action="store_true", help="list the runs that have a name and stop")
    parser.add_argument("--preset", help="lay a preset of the run's file over it; every run has 'quick'")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="change a setting; repeatable")
    parser.add_argument("--seed", type=int, help="seed of weights and training pairs (seeds.training)")
    parser.add_argument(
        "--output", metavar="DIR", help="folder of the results (default: one in experiments/runs, or runs elsewhere)"
    )
    parser.add_argument("--resume", metavar="DIR", help="go on with the stopped run in this folder")
    parser.add_argument("--no-tensorboard", action="store_true", help="write no TensorBoard logs and pictures")
