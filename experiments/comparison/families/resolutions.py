"""How much of a field can be found where images are seen at a lower resolution, as coarse levels see them.

A network that goes from coarse to fine begins with what its coarsest level finds. The library's own call, given the
images at that resolution alone, says how much there is to find for a method that looks at intensities.
"""

from __future__ import annotations

import argparse
import datetime
import sys
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from dirv_tf import geometry
from dirv_tf.cli.command_line import exit_status, prepare_process
from dirv_tf.io.atomic_write import write_json
from dirv_tf.io.output_paths import check_output_folder
from dirv_tf.metrics import RegistrationErrors
from dirv_tf.models import DIRVNet
from dirv_tf.registration import register
from dirv_tf.training.execution.environment import hardware, versions
from experiments.arguments import add_output, at_least, say
from experiments.comparison.families.networks import load_networks
from experiments.comparison.families.pair_sets import SEED, draw
from experiments.comparison.families.pair_sets import SETS as KNOWN
from experiments.comparison.measurement import reductions
from experiments.comparison.pair_sets import Pairs
from experiments.folders import RECORDS
from experiments.written_page import days, measured_on

RECORD = RECORDS / "comparison" / "resolutions.json"
# Pixels of the image per pixel of what is seen, along an axis.
FACTORS = (8, 4, 2, 1)
NETWORKS = ("best-2d", "large-2d")
SETS = ("chessboards-128", "chessboards-128-large", "chessboards-128-affine", "tissue-128", "tissue-128-large")
_EPILOG = """\
Registers pairs of `make comparison`, halved once, twice and three times, by dirv_tf.register, and looks at what
networks of as many levels have found after each of them. Writes resolutions.json; once copied to
experiments/results/comparison, python -m experiments.comparison.families.page shows it in docs/comparison.md.
"""


def halved(pairs: Pairs, factor: int) -> Pairs:
    """Return pairs as a coarse level sees them.

    Parameters
    ----------
    pairs : Pairs
    factor : int
        A power of 2: pixels of the given images per pixel of those returned, along an axis. Coarse pixel ``k`` lies on
        fine pixel ``factor * k``.

    Returns
    -------
    Pairs
        Images smoothed and sampled as between the levels of a network; the field in pixels of the coarse image.
    """
    fixed, moving = pairs.fixed, pairs.moving
    for _ in range(factor.bit_length() - 1):
        fixed, moving = geometry.downsample_image(fixed), geometry.downsample_image(moving)
    every = (slice(None), *(slice(None, None, factor),) * pairs.flow_field.shape[-1])
    return Pairs(np.asarray(fixed), np.asarray(moving), pairs.flow_field[every] / np.float32(factor))


def found_by_register(pairs: Pairs) -> float:
    """Return the share of the displacement error that `dirv_tf.register` removes, in percent.

    Parameters
    ----------
    pairs : Pairs
    """
    with warnings.catch_warnings():
        # What it says of its field is not asked here.
        warnings.simplefilter("ignore", UserWarning)
        fields = [
            register(one, two, normalize="type").flow_field
            for one, two in zip(pairs.fixed[..., 0], pairs.moving[..., 0])
        ]
    return round(float(reductions(np.stack(fields), pairs)["dl_dis_finest"]), 2)


def found_by_levels(network: DIRVNet, pairs: Pairs) -> list[float]:
    """Return the share of the displacement error that a network has removed after each of its levels, coarse to fine.

    Parameters
    ----------
    network : DIRVNet
    pairs : Pairs

    Returns
    -------
    list of float
        Percent; every level at its own control points.
    """
    measured = RegistrationErrors(network.levels)
    for index in range(len(pairs.fixed)):
        one = slice(index, index + 1)
        measured.update_state(pairs.flow_field[one], network((pairs.fixed[one], pairs.moving[one])))
    found = measured.result()
    return [round(float(found[f"dl_dis_level{level}"]), 2) for level in range(network.levels)]


def measure_resolutions(
    folder: Path, networks: Sequence[str] = NETWORKS, pairs: int = 20, report: Callable[[str], None] = print
) -> dict[str, Any]:
    """Measure all sets and write the record.

    Parameters
    ----------
    folder : Path
    networks : sequence of str
        Shipped ones of four levels, or folders with weights.
    pairs : int
        Of each set.
    report : callable
        Says a line of text.

    Returns
    -------
    dict
        The record.

    Raises
    ------
    ValueError
        For a network of another number of levels.
    """
    folder = check_output_folder(folder)
    loaded = load_networks(networks)
    for name, network, _ in loaded:
        if getattr(network, "levels", None) != len(FACTORS):
            raise ValueError(
                f"Expected networks of {len(FACTORS)} levels. "
                f"Received: {name} of {getattr(network, 'levels', 'no')} levels"
            )
    record: dict[str, Any] = {
        "seed": SEED, "pairs": pairs, "factors": list(FACTORS), "sets": [],
        "networks": {name: facts["sha256"] for name, _, facts in loaded},
        "versions": versions(), "hardware": hardware(),
    }
    for known in (each for name in SETS for each in KNOWN if each.name == name):
        drawn = draw(known, pairs)
        found = {
            "register": [found_by_register(halved(drawn, factor)) for factor in FACTORS],
            **{name: found_by_levels(network, drawn) for name, network, _ in loaded},
        }
        record["sets"].append({"name": known.name, "title": known.title, **found})
        report(f"{known.title}: {', '.join(f'{name} {shares}' for name, shares in found.items())}")
    record["date"] = datetime.datetime.now().astimezone().isoformat(timespec="seconds")
    folder.mkdir(parents=True, exist_ok=True)
    write_json(folder / RECORD.name, record)
    return record


def resolutions_table(record: dict[str, Any]) -> str:
    """Return a record as a Markdown table, and where it was measured."""
    columns = ("pairs", "found by", *("full size" if each == 1 else f"1/{each}" for each in record["factors"]))
    lines = [f"| {' | '.join(columns)} |", f"|{'---|' * len(columns)}"]
    for entry in record["sets"]:
        for name in ("register", *record["networks"]):
            who = "`register`, given no more" if name == "register" else f"{name}, after its level"
            lines.append(f"| {entry['title']} | {who} | {' | '.join(f'{share:.1f}' for share in entry[name])} |")
    origin = f"{record['pairs']} pairs each; {days([record])}, {measured_on(record)}"
    return "\n".join([*lines, "", origin]) + "\n"


def main(arguments: list[str] | None = None) -> int:
    """Read the command line and carry out the measurement; return the exit status."""
    prepare_process()
    parser = argparse.ArgumentParser(
        prog="python -m experiments.comparison.families.resolutions",
        description="Measures how much of a field can be found where images are seen at a lower resolution.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "network", nargs="*", default=NETWORKS, help=f"of four levels (default: {', '.join(NETWORKS)})"
    )
    parser.add_argument("--pairs", type=at_least(1), default=20, metavar="N", help="pairs per set (default: 20)")
    add_output(parser, "comparison")
    options = parser.parse_args(arguments)
    try:
        measure_resolutions(options.output, options.network, options.pairs, say)
    except (ValueError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(exit_status(main))
