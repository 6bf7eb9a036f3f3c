"""The readers of the package, each with small whole files to damage."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Callable, NamedTuple

import numpy as np

from dirv_tf.io import (
    ImageGeometry,
    Landmarks,
    load_image,
    read_flow_field,
    read_landmarks,
    write_flow_field,
    write_image,
    write_landmarks,
)
from dirv_tf.io.csv_tables import read_csv_table
from dirv_tf.io.image_regions import image_size, read_region
from experiments.folders import RUNS

_GEOMETRY = ImageGeometry((1.0, -2.0, 3.0), ((0.0, 0.0, 0.5), (0.0, 0.7, 0.0), (2.0, 0.0, 0.0)))
_FLAT = ImageGeometry.from_pixel_size((0.25, 0.5))


class Reader(NamedTuple):
    """A reader, and what it reads.

    Attributes
    ----------
    title : str
        In the table of the results.
    write : callable
        Writes whole files into a folder.
    read : callable
        Reads one of them by its path.
    repair : callable
        Makes what lies beside a damaged file fit it again, such as a checksum; most need none.
    """

    title: str
    write: Callable[[Path], None]
    read: Callable[[Path], object]
    repair: Callable[[Path], None] = lambda path: None


def _ramp(*shape, dtype=np.uint8):
    return (np.arange(np.prod(shape)).reshape(shape) * 7 % 251).astype(dtype)


def _write_tiff(folder):
    import tifffile

    write_image(folder / "gray.tif", _ramp(24, 20))
    write_image(folder / "volume.tif", _ramp(3, 24, 20, dtype=np.uint16), _GEOMETRY.from_pixel_size((2.0, 0.5, 0.5)))
    options = {"photometric": "rgb", "tile": (16, 16)}
    tifffile.imwrite(folder / "tiles.tif", _ramp(40, 36, 3), compression="deflate", **options)
    tifffile.imwrite(folder / "jpeg.tif", _ramp(40, 36, 3), compression="jpeg", **options)
    tifffile.imwrite(folder / "lzw.tif", _ramp(40, 36, dtype=np.uint16), compression="lzw", rowsperstrip=8)
    tifffile.imwrite(folder / "floats.tif", _ramp(24, 20, dtype=np.float32), bigtiff=True, byteorder=">")
    palette = _ramp(3, 256, dtype=np.uint16)
    tifffile.imwrite(folder / "palette.tif", _ramp(24, 20), photometric="palette", colormap=palette)
    tifffile.imwrite(folder / "channels.ome.tif", _ramp(2, 24, 20), photometric="minisblack", metadata={"axes": "CYX"})


def _read_image(path):
    size = image_size(path) if not path.name.startswith(("volume", "channels")) else None
    if size is not None:
        read_region(path, (0, 0), (1, 1))
    return load_image(path, channel=0 if path.name.startswith("channels") else None)


def _write_png(folder):
    from PIL import Image

    write_image(folder / "gray.png", _ramp(24, 20))
    write_image(folder / "deep.png", _ramp(24, 20, dtype=np.uint16))
    write_image(folder / "color.png", _ramp(24, 20, 4))
    Image.fromarray(_ramp(24, 20)).convert("P").save(folder / "palette.png", transparency=3)
    Image.fromarray(_ramp(24, 20) > 100).save(folder / "bits.png")


def _write_jpeg(folder):
    from PIL import Image

    write_image(folder / "gray.jpg", _ramp(24, 20))
    write_image(folder / "color.jpeg", _ramp(24, 20, 3))
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(_ramp(24, 20, 3)).save(folder / "turned.jpg", exif=exif, progressive=True)
    Image.fromarray(_ramp(24, 20, 4), "CMYK").save(folder / "inks.jpg")


def _write_pictures(folder):
    from PIL import Image

    Image.fromarray(_ramp(24, 20, 3)).save(folder / "color.bmp")
    Image.fromarray(_ramp(24, 20)).save(folder / "gray.bmp")
    Image.fromarray(_ramp(24, 20, 3)).save(folder / "color.webp")


def _write_nifti(folder):
    write_image(folder / "volume.nii", _ramp(4, 6, 5, dtype=np.float32), _GEOMETRY)
    write_image(folder / "volume.nii.gz", _ramp(4, 6, 5), _GEOMETRY)
    write_image(folder / "flat.nii", _ramp(24, 20, dtype=np.int16), _FLAT)


def _write_itk(folder, suffix, header):
    import SimpleITK

    image = SimpleITK.GetImageFromArray(_ramp(4, 6, 5, dtype=np.int16))
    SimpleITK.WriteImage(image, str(folder / f"volume{suffix}"))
    SimpleITK.WriteImage(image, str(folder / f"packed{suffix}"), useCompression=True)
    # The header last: the other file of the two has a suffix that no reader takes.
    SimpleITK.WriteImage(image, str(folder / f"apart{header}"))


def _write_arrays(folder):
    np.save(folder / "gray.npy", _ramp(24, 20))
    np.save(folder / "volume.npy", _ramp(4, 6, 5, dtype=np.float64))


def _write_dicom(folder):
    import SimpleITK

    image = SimpleITK.GetImageFromArray(_ramp(24, 20, dtype=np.uint16))
    # Without these the file would be another one every time.
    for tag, value in {"0008|0018": "1.2.3", "0020|000d": "1.2.4", "0020|000e": "1.2.5", "0020|0052": "1.2.6"}.items():
        image.SetMetaData(tag, value)
    image.SetMetaData("0008|0012", "20240501")
    image.SetMetaData("0008|0013", "120000")
    image.SetMetaData("0008|0020", "20240501")
    image.SetMetaData("0008|0030", "120000")
    writer = SimpleITK.ImageFileWriter()
    writer.KeepOriginalImageUIDOn()
    writer.SetFileName(str(folder / "slice.dcm"))
    writer.Execute(image)


def _write_fields(folder):
    flat = np.linspace(-2, 2, 24 * 20 * 2).reshape(24, 20, 2)
    deep = np.linspace(-2, 2, 4 * 6 * 5 * 3).reshape(4, 6, 5, 3)
    write_flow_field(folder / "flat.npz", flat, _FLAT, moving_size=(30, 20))
    write_flow_field(folder / "deep.npz", deep, _GEOMETRY)
    for suffix in (".nii.gz", ".mha", ".nrrd"):
        write_flow_field(folder / f"deep{suffix}", deep, _GEOMETRY)


def _write_landmarks(folder):
    names, flat = ("a", "b", "tip"), Landmarks(("a", "b", "tip"), [[1.5, 2], [3, 4], [5, 6]])
    deep = Landmarks(names, [[1.5, 2, 3], [3, 4, 5], [5, 6, 7]])
    for name in ("points.csv", "points.tsv", "points.geojson"):
        write_landmarks(folder / name, flat)
    for name in ("deep.csv", "deep.mrk.json", "deep.fcsv"):
        write_landmarks(folder / name, deep, geometry=_GEOMETRY)


def _write_tables(folder):
    (folder / "pairs.csv").write_text("fixed,moving,name\na.png,b.png,one\nc.png,d.png,two\n", encoding="utf-8")


def _write_runs(folder):
    for name in ("A-1", "E-1", "G-1"):
        (folder / f"{name}.yaml").write_bytes((RUNS / f"{name}.yaml").read_bytes())
    for kind in ("avsm", "dlir", "rwcnet", "voxelmorph"):
        (folder / f"{kind}-2d.yaml").write_bytes((RUNS.parent / kind / f"{kind}-2d.yaml").read_bytes())


def _read_run(path):
    from dirv_tf.training.config.config_loading import load_run

    return load_run(path)


def _network():
    import tensorflow as tf

    from dirv_tf.models import DIRVNet

    tf.keras.utils.set_random_seed(5)
    return DIRVNet(rank=2, levels=2, units=1, experts=2, kernel_sizes=3, knots=4, normalization="type")


def _write_weights(folder):
    from dirv_tf.models import VoxelMorph, save_weights_file

    save_weights_file(_network(), folder / "unit.npz", {"run": "A-1", "metrics": {"l_dis": 1.5}})
    save_weights_file(VoxelMorph(encoder=(2,), decoder=(2,), last=(2,)), folder / "net.npz")


def _read_weights(path):
    from dirv_tf.models import load_weights_file

    return load_weights_file(path)


def _repair_checksum(path):
    """Give a card the checksum of the arrays beside it, if it still is one."""
    card, arrays = path.with_suffix(".json"), path.with_suffix(".npz")
    try:
        content = json.loads(card.read_bytes())
        content["sha256"] = hashlib.sha256(arrays.read_bytes()).hexdigest()
        card.write_text(json.dumps(content), encoding="utf-8")
    except (ValueError, TypeError, RecursionError):
        pass


def _write_keras(folder):
    from dirv_tf.models import RecurrentRefinement

    _network().save(folder / "network.keras")
    RecurrentRefinement(_network(), rounds=2).save(folder / "refinement.keras")


def _read_keras(path):
    from dirv_tf.models import load_keras_file

    return load_keras_file(path)


READERS = {
    "tiff": Reader("TIFF", _write_tiff, _read_image),
    "png": Reader("PNG", _write_png, _read_image),
    "jpeg": Reader("JPEG", _write_jpeg, _read_image),
    "pictures": Reader("BMP, WebP", _write_pictures, _read_image),
    "npy": Reader("NumPy arrays (.npy)", _write_arrays, load_image),
    "nifti": Reader("NIfTI", _write_nifti, load_image),
    "nrrd": Reader("NRRD", lambda folder: _write_itk(folder, ".nrrd", ".nhdr"), load_image),
    "metaimage": Reader("MetaImage", lambda folder: _write_itk(folder, ".mha", ".mhd"), load_image),
    "dicom": Reader("DICOM", _write_dicom, load_image),
    "fields": Reader("flow fields", _write_fields, read_flow_field),
    "landmarks": Reader(
        "landmarks", _write_landmarks,
        lambda path: read_landmarks(path, geometry=_GEOMETRY if path.suffix in (".json", ".fcsv") else None),
    ),
    "tables": Reader("tables of pairs", _write_tables, lambda path: read_csv_table(path, ("fixed", "moving"))),
    "yaml": Reader("run files (YAML)", _write_runs, _read_run),
    "weights": Reader("weights and their cards", _write_weights, _read_weights, _repair_checksum),
    "keras": Reader("Keras files (.keras)", _write_keras, _read_keras),
}
