"""Registers pairs that differ by next to nothing, by every shipped network for images and without one.

``python -m experiments.reliability.nearly_identical`` takes some minutes. The units of a network go on from what the
units before have left, so that a difference which says nothing could grow to a displacement. A fault is a network's
result that is less like the fixed image than the moving one was, by the network's own measure; and, without a network,
a displacement that could be seen.
"""

from __future__ import annotations

import argparse
import sys

from dirv_tf.cli.command_line import exit_status, prepare_process
from experiments.arguments import add_output, say
from experiments.folders import CHECKOUT

RECORD_NAME = "nearly_identical.json"
# Standard deviations of the noise by which the moving image differs from the fixed one, in shares of its full scale.
DIFFERENCES = (1e-7, 1e-6, 1e-5, 1e-4)
# The size of the images; a side of the section from which one is cut.
_SIDE = 64
_SECTION = CHECKOUT / "data" / "tissue" / "ki67_scanner_1.png"
# Of what is computed without a network, whose objective is another one than a mean squared difference; px.
LARGEST_DISPLACEMENT = 0.05
# Results are computed in single precision anew.
_ROUNDING = 1e-6
WITHOUT = "no network"


def main(arguments=None):
    """Read the command line and register.

    Parameters
    ----------
    arguments : list of str, optional
        Default: those of this process.

    Returns
    -------
    int
        Exit status: 0 no result is worse than its pair, 1 some are.
    """
    prepare_process()
    options = _parser().parse_args(arguments)
    return 0 if not measure(options.models, options.output, say)["faults"] else 1


def measure(models, output, report=print):
    """Register all pairs by all models and write the record.

    Parameters
    ----------
    models : sequence of str or None
        Names of `dirv_tf.register`, or "no network"; None: all shipped networks for images, and no network.
    output : str or Path
        Folder of the record, `nearly_identical.json`.
    report : callable
        Says a line of text.

    Returns
    -------
    dict
        The record.
    """
    from dirv_tf.io.atomic_write import write_json
    from dirv_tf.io.output_paths import check_output_folder
    from dirv_tf.models.pretrained import pretrained_names
    from dirv_tf.training.execution.environment import hardware, versions

    output = check_output_folder(output)
    rows = []
    for model in models or [WITHOUT, *pretrained_names(2)]:
        found = [row for difference in DIFFERENCES for row in registered(model, difference)]
        rows += found
        report(f"{model}: largest displacement {max(row['largest_displacement'] for row in found):.2g} px")
    faults = [
        f"{row['model']}, {row['image']}, {row['difference']:g}: moved by {row['largest_displacement']:g} px"
        for row in rows if row["fault"]
    ]  # fmt: skip
    record = {"side": _SIDE, "rows": rows, "faults": faults, "versions": versions(), "hardware": hardware()}
    write_json(output / RECORD_NAME, record)
    report("\n".join([*faults, f"{len(faults)} faults. Written: {output / RECORD_NAME}"]))
    return record


def registered(model, difference):
    """Register every image with itself and noise.

    Parameters
    ----------
    model : str
        See `measure`.
    difference : float
        Standard deviation of the noise, of images in [0, 1].

    Returns
    -------
    list of dict
        Per image whether it stayed as it was, and whether by the network's noise floor or by the rule that no result
        is worse than its pair; its largest displacement (px), and whether that is a fault.
    """
    import numpy as np

    from dirv_tf.models import load_pretrained
    from dirv_tf.registration import register
    from dirv_tf.registration.networks.network_registration import dissimilarity

    network = None if model == WITHOUT else load_pretrained(model)
    rows = []
    for name, image in images().items():
        noise = np.random.default_rng(5).normal(scale=difference, size=image.shape)
        moving = np.clip(image + noise, 0, 1).astype(np.float32)
        result = register(image, moving, model=network)
        length = float(np.linalg.norm(result.flow_field, axis=-1).max())
        if not length:
            fault = not np.array_equal(result.registered, moving)
        elif network is None:
            fault = length > LARGEST_DISPLACEMENT
        else:
            looks = (moving, result.registered)
            before, after = (dissimilarity(image, each, network.similarity) for each in looks)
            fault = after > before + _ROUNDING * abs(before)
        rows.append({
            "model": model, "image": name, "difference": difference, "stayed": not length,
            "by": _reason(result.notes) if network is not None and not length else None,
            "largest_displacement": float(f"{length:.3g}"), "fault": bool(fault),
        })  # fmt: skip
    return rows


def _reason(notes):
    """Say what left a pair as it was: "floor", "rule", or "field", a network's field of zeros."""
    if any("noise floor" in note for note in notes):
        return "floor"
    return "rule" if any("less alike" in note for note in notes) else "field"


def images():
    """Return a drawn and a real image in [0, 1], with flat and with rich parts, by name."""
    import numpy as np

    from dirv_tf.io import load_image
    from dirv_tf.io.gray import to_gray

    section = load_image(_SECTION)
    section = (to_gray(section.pixels) if section.is_color else section.pixels).astype(np.float32)
    cut = section[tuple(slice((side - _SIDE) // 2, (side + _SIDE) // 2) for side in section.shape)]
    place = np.indices((_SIDE, _SIDE)) // 8
    return {"chessboard": (place.sum(axis=0) % 2).astype(np.float32), "section": (cut - cut.min()) / np.ptp(cut)}


def _parser():
    parser = argparse.ArgumentParser(
        prog="python -m experiments.reliability.nearly_identical", description=__doc__.split("\n")[0]
    )
    parser.add_argument("models", nargs="*", metavar="NAME", help="networks (default: all shipped ones for images)")
    add_output(parser, "reliability")
    return parser


if __name__ == "__main__":
    sys.exit(exit_status(main))
