"""Registers real images deformed by known random fields, and says how much of the deformation was found."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from experiments.demo.cases import BACKGROUND, CASES, deformed_pair, own_cases
from experiments.folders import OUTPUT

DEFAULT_OUTPUT = OUTPUT / "demo"
DEFAULT_SEED = 1
CSV_COLUMNS = (
    "case",
    "file",
    "averaged_over",
    "size",
    "model",
    "difference_before",
    "difference_after",
    "difference_reduction_percent",
    "endpoint_error_before_px",
    "endpoint_error_after_px",
    "endpoint_error_reduction_percent",
    "folded_percent",
    "seconds",
)
_EPILOG = """\
Each image is deformed by a random affine plus non-rigid field of a fixed seed, two pixels long on average as in the
networks' training. The deformed image is the fixed one, the original the moving one, so that the field to be found is
known exactly. The networks have seen synthetic images only: gradient chessboards, and of volumes random shapes too.

examples:
  python -m experiments.demo                           the shipped networks
  python -m experiments.demo --seed 5                  other fields
  python -m experiments.demo scan.nii.gz --side 64     the middle of a volume of your own: what to expect of best-3d
  python -m experiments.demo --model-2d experiments/output/A-1-20240101-120000

Images of your own are read as `dirv-tf register` reads them, color as gray; their 0.5 and 99.5 percentiles become 0
and 1, and black is taken for empty.

The pictures show the pair, the differences before and after, the fixed image's grid on the moving image, the true and
the predicted field and its error; error_figures.csv holds the table. An older demo in the folder is replaced.
"""


def main(arguments=None):
    """Read the command line and show the demo.

    Parameters
    ----------
    arguments : list of str, optional
        Default: those of this process.

    Returns
    -------
    int
        Exit status: 0 done, 1 a model or an image is missing or does not fit.
    """
    options = _parser().parse_args(arguments)
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    # TensorFlow takes seconds to load: the help and a wrong command line are answered before.
    from dirv_tf.registration import choose_model

    try:
        models = {2: options.model_2d, 3: options.model_3d}
        for rank, model in models.items():
            choose_model(model, rank)
        show(options.output, models, options.seed, own_cases(options.image) or CASES, options.side)
    except (FileNotFoundError, ImportError, ValueError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


def show(output, models, seed, cases, side=None):
    """Register every case, print a table row each, and write the pictures and the table.

    Parameters
    ----------
    output : path
        Folder for the pictures and error_figures.csv.
    models : dict from rank (2, 3) to what `dirv_tf.register` takes as a model
    seed : int
        Seed of the random fields.
    cases : sequence of Case
    side : int, optional
        Only the middle of the images, at most so many pixels along every axis.
    """
    from dirv_tf.figures import save_figure
    from dirv_tf.io.atomic_write import write_csv
    from dirv_tf.metrics.names import METRIC_NAMES
    from dirv_tf.registration import measure_accuracy, register
    from experiments.demo.picture import demo_picture

    folded = METRIC_NAMES["folded_percent"].label
    print(f"Real images deformed by known fields (seed {seed}), registered by networks trained on synthetic images.\n")
    print(_line("", "", "", "mean |difference|, % of range", "mean endpoint error, px", folded, "time"))
    print(_line("case", "size", "model", "before   after  reduced", "before  after  reduced", "%", "s"))
    rows = []
    for case in cases:
        fixed, moving, true_flow_field = deformed_pair(case, seed, side)
        model = models[moving.ndim]
        register(fixed, moving, model)  # Traces the graph, which is no part of the time that is reported.
        result = register(fixed, moving, model)
        accuracy = measure_accuracy(result, true_flow_field, fixed > BACKGROUND if case.empty_background else None)
        title = case.title + (", metrics averaged over the tissue" if case.empty_background else "")
        picture = demo_picture(title, result, true_flow_field, accuracy)
        save_figure(picture, Path(output) / f"{case.name}.png")
        rows.append(_row(case, result, accuracy))
        print(_table_line(rows[-1]), flush=True)
    write_csv(Path(output) / "error_figures.csv", CSV_COLUMNS, rows)
    print("\n* averaged over the tissue; nothing can be seen to move in the black background")
    print(f"Pictures and table: {output}")


def _row(case, result, accuracy):
    return {
        "case": case.title,
        "file": case.file,
        "averaged_over": "tissue" if case.empty_background else "image",
        "size": " x ".join(map(str, result.size)),
        "model": result.model_name,
        "difference_before": accuracy.difference_before,
        "difference_after": accuracy.difference_after,
        "difference_reduction_percent": accuracy.difference_reduction,
        "endpoint_error_before_px": accuracy.endpoint_error_before,
        "endpoint_error_after_px": accuracy.endpoint_error_after,
        "endpoint_error_reduction_percent": accuracy.endpoint_error_reduction,
        "folded_percent": accuracy.folded_percent,
        "seconds": result.seconds,
    }


def _table_line(row):
    return _line(
        row["case"] + (" *" if row["averaged_over"] == "tissue" else ""),
        row["size"],
        Path(row["model"]).name,
        f"{100 * row['difference_before']:6.2f}  {100 * row['difference_after']:6.2f}  "
        f"{row['difference_reduction_percent']:5.1f} %",
        f"{row['endpoint_error_before_px']:6.2f} {row['endpoint_error_after_px']:6.2f}  "
        f"{row['endpoint_error_reduction_percent']:5.1f} %",
        f"{row['folded_percent']:.3f}",
        f"{row['seconds']:.2f}",
    )


def _line(case, size, model, difference, endpoint_error, folded, seconds):
    return (
        f"{case:<19} {size:<12} {model:<10}  {difference:>29}  {endpoint_error:>24}  {folded:>6}  {seconds:>6}".rstrip()
    )


def _pixels(text):
    if not text.isdigit() or int(text) < 8:
        raise argparse.ArgumentTypeError(f"expected an integer of at least 8 pixels. Received: {text}")
    return int(text)


def _parser():
    parser = argparse.ArgumentParser(
        prog="python -m experiments.demo",
        description=__doc__,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("image", nargs="*", help="images of your own instead of those that come with the project")
    parser.add_argument(
        "--side", type=_pixels, metavar="PIXELS", help="only their middle, at most so long along every axis"
    )
    parser.add_argument(
        "--output", type=Path, default=DEFAULT_OUTPUT, help="folder for pictures and table (experiments/output/demo)"
    )
    parser.add_argument("--seed", type=int, default=DEFAULT_SEED, help="seed of the random fields (%(default)s)")
    parser.add_argument(
        "--model-2d", default="A-6", help="shipped network or weights file for the tissue (%(default)s)"
    )
    parser.add_argument(
        "--model-3d", default="best-3d", help="shipped network or weights file for the volume (%(default)s)"
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
