"""Takes a finished run into the package: `python -m experiments.publish experiments/output/A-7-20240101-120000`.

For maintainers. The run's records go to experiments/results/NAME and its weights to dirv_tf/weights/NAME, from where
`dirv_tf.models.load_pretrained` takes them.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from dirv_tf.cli.command_line import prepare_process

_EPILOG = """\
examples:
  python -m experiments.publish FOLDER              named after the run and its preset: A-7, F-2-quick
  python -m experiments.publish FOLDER A-7-long

Published is only what belongs together: the run is finished, its weights have the checksum on their card and its
network, the card has the metrics of its test, and the weights give once more what the run recorded, on the pairs
that it tested after every epoch (a few hundred), or on all where there were none.
"""


def main(arguments=None):
    """Read the command line and publish the run.

    Parameters
    ----------
    arguments : list of str, optional
        Default: those of this process.

    Returns
    -------
    int
        Exit status: 0 done, 1 the files do not belong together, 2 wrong command line.
    """
    prepare_process()
    options = _parser().parse_args(arguments)
    from dirv_tf.models.weight_files import WeightFileError
    from dirv_tf.validation import ConfigError
    from experiments.reproduction.publication import publish

    try:
        for folder in publish(options.run, options.name, options.overwrite):
            print(f"Written: {folder}")
    except (ConfigError, WeightFileError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2 if isinstance(error, ConfigError) else 1
    return 0


def _parser():
    parser = argparse.ArgumentParser(
        prog="python -m experiments.publish",
        description="Takes the records and the weights of a finished run into the package (for maintainers).",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("run", type=Path, help="the folder of a finished run, with its weights")
    parser.add_argument("name", nargs="?", help="name of the model (default: the run's name and preset)")
    parser.add_argument("--overwrite", action="store_true", help="replace what has this name already")
    return parser


if __name__ == "__main__":
    sys.exit(main())
