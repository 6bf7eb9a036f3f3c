"""Carries out a run: `python -m experiments.run A-6 --preset quick`."""

from __future__ import annotations

import argparse
import os
import sys

from dirv_tf.training.config_loading import known_runs, load_run, parse_override
from dirv_tf.training.config_sections import ConfigError
from dirv_tf.training.run_folder import RunFolder

_EPILOG = """\
examples:
  python -m experiments.run --list                     what there is to run
  python -m experiments.run A-6 --preset quick         a few minutes on two processor cores
  python -m experiments.run A-1                        as in the thesis (hours on a processor)
  python -m experiments.run A-6 --set training.epochs=3 --set model.experts=8
  python -m experiments.run my_run.yaml                a file of your own
  python -m experiments.run --resume experiments/runs/A-1-20240101-120000

A run writes its whole configuration, its history, checkpoints, test figures, weights and TensorBoard logs into one
folder. Ctrl-C or SIGTERM stops it after the current step; --resume goes on after its last epoch, with the same
result as if it had never stopped. The same seed gives the same result on the same machine.
"""


def main(arguments=None):
    """Reads the command line and carries out the run.

    Parameters
    ----------
    arguments : list of str or None
        By default those of this process.

    Returns
    -------
    int
        Exit status: 0 done, 1 the training failed, 2 wrong command line or configuration, 130 stopped.
    """
    for stream in (sys.stdout, sys.stderr):
        # A terminal that cannot show Δ must not end a run of hours.
        stream.reconfigure(errors="replace")
    options = _parser().parse_args(arguments)
    try:
        if options.list:
            return _list_runs()
        folder, config = _read(options)
    except ConfigError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return _execute(config, folder, tensorboard=not options.no_tensorboard)


def _execute(config, folder, tensorboard):
    # TensorFlow's own log says nothing that a Python error does not; it must be silenced before it loads.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    # TensorFlow takes seconds to load: a wrong command line is answered before.
    from dirv_tf.training.interruption import TrainingDiverged, TrainingInterrupted
    from dirv_tf.training.run import execute
    from dirv_tf.training.training_state import CheckpointError

    try:
        execute(config, folder, tensorboard=tensorboard)
    except (TrainingInterrupted, KeyboardInterrupt):
        print(f"Stopped. To go on: python -m experiments.run --resume {folder.path}", file=sys.stderr)
        return 130
    except (TrainingDiverged, CheckpointError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


def _read(options):
    if options.resume:
        given = {"a run": options.run, "--preset": options.preset, "--output": options.output, "--seed": options.seed}
        given["--set"] = options.set or None
        for name, value in given.items():
            if value is not None:
                raise ConfigError(f"--resume goes on with the run's own settings; leave out {name}. Received: {value}")
        return RunFolder.existing(options.resume)
    if not options.run:
        raise ConfigError(f"Expected the name of a run or a YAML file. Known runs: {', '.join(known_runs())}")
    overrides = dict(parse_override(text) for text in options.set)
    if options.seed is not None:
        overrides["seeds.training"] = options.seed
    config = load_run(options.run, options.preset, overrides)
    return RunFolder.new(config, options.output), config


def _list_runs():
    for name in known_runs():
        config = load_run(name)
        size = "×".join(map(str, config.data.size))
        print(f"{name:6} {config.parameters:>8,} parameters  {size:9} {config.description}")
    return 0


def _parser():
    parser = argparse.ArgumentParser(
        prog="python -m experiments.run",
        description="Trains and tests a network as one of the thesis's runs, and prints its row beside the thesis's.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("run", nargs="?", help="name of a run such as A-6, or the path of a YAML file")
    parser.add_argument("--list", action="store_true", help="list the runs and stop")
    parser.add_argument("--preset", help="lay a preset of the run's file over it; every run has 'quick'")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="change a setting; repeatable")
    parser.add_argument("--seed", type=int, help="seed of weights and training pairs (seeds.training)")
    parser.add_argument("--output", metavar="DIR", help="folder of the results (default: one in experiments/runs)")
    parser.add_argument("--resume", metavar="DIR", help="go on with the stopped run in this folder")
    parser.add_argument("--no-tensorboard", action="store_true", help="write no TensorBoard logs and pictures")
    return parser


if __name__ == "__main__":
    sys.exit(main())
