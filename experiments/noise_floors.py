"""Measures the noise floors of shipped networks for their cards: `python -m experiments.noise_floors`."""

from __future__ import annotations

import argparse
import sys

from dirv_tf.cli.command_line import exit_status, prepare_process
from experiments.arguments import say


def main(arguments=None):
    """Read the command line, measure and write.

    Parameters
    ----------
    arguments : list of str, optional
        Default: those of this process.

    Returns
    -------
    int
        Exit status: 0; with --check 1 where a card states another floor.
    """
    prepare_process()
    options = _parser().parse_args(arguments)
    from dirv_tf.io.atomic_write import write_json
    from dirv_tf.io.file_paths import file_json
    from dirv_tf.models.pretrained import WEIGHTS_FOLDER, pretrained_names
    from dirv_tf.models.weight_files import CARD_NAME
    from experiments.reproduction.publication import with_noise_floor

    differ = 0
    for name in options.names or pretrained_names():
        path = WEIGHTS_FOLDER / name / CARD_NAME
        # As it lies there, without what `read_card` completes.
        card = file_json(path, "a weights card in JSON")
        measured = with_noise_floor(card, path.parent)
        floors = card.get("noise_floor"), measured["noise_floor"]
        differ += floors[0] != floors[1]
        say(f"{name}: {floors[1]}" + (f", on the card {floors[0]}" if options.check else ""))
        if not options.check:
            write_json(path, measured)
    return int(bool(differ)) if options.check else 0


def _parser():
    parser = argparse.ArgumentParser(
        prog="python -m experiments.noise_floors",
        description="Measures the noise floors of shipped networks and writes them on their cards (for maintainers).",
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help="networks (default: all shipped ones that register)")
    parser.add_argument("--check", action="store_true", help="write nothing; fail where a card states another floor")
    return parser


if __name__ == "__main__":
    sys.exit(exit_status(main))
