"""The command ``python -m experiments.studies.transfer``: weights of any run on the test pairs of any other."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from dirv_tf.cli.command_line import prepare_process
from dirv_tf.training.config.config_loading import load_run, parse_override
from dirv_tf.training.execution.run_folder import RunFolder
from dirv_tf.validation import ConfigError
from experiments.folders import OUTPUT, RUNS

_EPILOG = """\
examples:
  python -m experiments.studies.transfer A-6 B-2
  python -m experiments.studies.transfer A-6 experiments/studies/runs/tissue.yaml --set data.test_images=500
  python -m experiments.studies.transfer experiments/output/my_tissue_run A-6
"""


def main(arguments=None):
    """Read the command line and test the weights.

    Parameters
    ----------
    arguments : list of str or None
        By default those of this process.

    Returns
    -------
    int
        Exit status: 0 done, 2 wrong command line, weights or configuration.
    """
    prepare_process()
    options = _parser().parse_args(arguments)
    from dirv_tf.models import load_pretrained, load_weights_file, pretrained_names
    from dirv_tf.training.execution.results import results_lines
    from experiments.studies.foreign_weights import record_test

    try:
        config = load_run(options.run, options.preset, dict(parse_override(text) for text in options.set), RUNS)
        name = Path(options.weights).name
        shipped = options.weights in pretrained_names()
        model = load_pretrained(name) if shipped else load_weights_file(options.weights)
        if model.rank != config.rank or not config.data.known_fields:
            raise ConfigError(
                f"Expected a run with known fields and images of {model.rank} axes, for these weights. "
                f"Received: run={options.run}, of {config.rank} axes"
            )
        run = RunFolder.new(config, options.output or OUTPUT / f"{name}-on-{config.name}")
        measured, count = record_test(model, name, config, run)
    # The error of wrong weights is a ValueError too.
    except (ConfigError, ValueError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    print(f"Weights of {name} on the test pairs of {config.name}:")
    for line in results_lines(config, count, measured, None):
        print(line)
    print(f"Everything is in {run.path}")
    return 0


def _parser():
    parser = argparse.ArgumentParser(
        prog="python -m experiments.studies.transfer",
        description="Tests the weights of one run on the test pairs of another.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("weights", help="the folder of a finished run, or the name of a shipped network")
    parser.add_argument("run", help="the run with the pairs: its name, or a YAML file")
    parser.add_argument("--preset", help="lay a preset of the run's file over it")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="change a setting; repeatable")
    parser.add_argument("--output", metavar="DIR", help="folder of the result (default: one in experiments/output)")
    return parser


if __name__ == "__main__":
    sys.exit(main())
