"""What `dirv-tf invert` and `dirv-tf compose` share: their options, where they write, what they say of a map."""

from __future__ import annotations

from pathlib import Path

from dirv_tf.cli.output_options import check_file_output, check_result_output

FIELD_SUFFIXES = (".npz", ".nii.gz", ".nii", ".mha", ".nrrd")


def add_options(parser, moving_help):
    """Add the options of both commands.

    Parameters
    ----------
    parser : argparse.ArgumentParser
    moving_help : str
        What `--moving` is for.
    """
    parser.add_argument(
        "-o",
        "--output",
        type=Path,
        required=True,
        metavar="OUT",
        help=f"a field file ({', '.join(FIELD_SUFFIXES)}), or a folder for all results",
    )
    parser.add_argument("--moving", type=Path, metavar="IMAGE", help=moving_help)
    parser.add_argument(
        "--fixed", type=Path, metavar="IMAGE", help="with a folder as OUT: the fixed image, if it is no longer there"
    )
    parser.add_argument("--overwrite", action="store_true", help="replace an existing file, or earlier results")


def writes_file(options, sources):
    """Return whether a file is asked for, not a folder; raise an error where what is asked for cannot be done.

    Parameters
    ----------
    options : argparse.Namespace
    sources : list of Path
        Fields and folders to read.

    Returns
    -------
    bool
    """
    from dirv_tf.io.file_paths import known_suffix

    output = options.output
    for source in sources:
        if not source.exists():
            raise FileNotFoundError(
                f"Expected a field file, or the folder of a registration. Received: {source}, which does not exist"
            )
    if output.name.lower().endswith(FIELD_SUFFIXES):
        if options.fixed:
            raise ValueError(f"--fixed is for a folder of results, which holds images. Received: output={output}")
        check_file_output(output, options.overwrite)
        return True
    files = [source for source in sources if not source.is_dir()]
    if files:
        # Of a field alone no images are known, so that a field is all that can be written.
        known_suffix(output, FIELD_SUFFIXES)
    check_result_output(output, options.overwrite)
    return False


def placement(fixed_geometry, moving_geometry):
    """Return where the geometries put two images, or None where one is not known or both are equal.

    Parameters
    ----------
    fixed_geometry, moving_geometry : ImageGeometry

    Returns
    -------
    LinearMap or None
        From fixed to moving pixels.
    """
    from dirv_tf.io import ImageGeometry
    from dirv_tf.registration.maps.linear_map import LinearMap

    # A file that knows no pixel size says one "millimeter" per pixel.
    unit = ImageGeometry.unit(fixed_geometry.rank)
    if fixed_geometry.is_close(unit) or moving_geometry.is_close(unit) or fixed_geometry.is_close(moving_geometry):
        return None
    return LinearMap.between(fixed_geometry, moving_geometry)


def field_line(flow_field, initial=None):
    """Say how long the displacements of a field are, and how much of it folds.

    Parameters
    ----------
    flow_field : ndarray, shape (n_1, ..., n_r, r), pixels
    initial : LinearMap, optional
        Where the images lay before; the displacements beyond it are meant.

    Returns
    -------
    str
    """
    from dirv_tf import geometry, metrics

    beyond = flow_field if initial is None else initial.decomposed(flow_field)
    with geometry.for_any_shape():
        values = {name: float(value[0]) for name, value in metrics.field_metrics(beyond[None]).items()}
    return metrics_line(values)


def metrics_line(values):
    """Say the same from metrics that are known already."""
    from dirv_tf.metrics.names import METRIC_NAMES

    return (
        f"displacements  mean {values['displacement_mean_px']:.2f} px, largest {values['displacement_max_px']:.2f} px; "
        f"{METRIC_NAMES['folded_percent'].text(values['folded_percent'])}"
    )


def save_result(options, result, field_name):
    """Print what there is to say of a result, and write its folder.

    Parameters
    ----------
    options : argparse.Namespace
    result : RegistrationResult
    field_name : str
        Of the field that it was made from, whose format it keeps, but for levels of slides.
    """
    size = " x ".join(map(str, result.size))
    print(f"fixed          {result.fixed_path or 'an array'}   {size} pixels")
    print(f"moving         {result.moving_path or 'an array'}")
    print(metrics_line(result.metrics()))
    for note in result.notes:
        print(f"note           {note}")
    for warning in result.quality.warnings:
        print(f"WARNING        {warning}")
    # Another map of a chain may bring levels that this format cannot keep.
    field_format = None if any(result.levels) else field_name.partition(".")[2]
    folder = result.save(options.output, options.overwrite, field_format)
    print(f"Written to {options.output}: {', '.join(sorted(path.name for path in folder.iterdir()))}")
