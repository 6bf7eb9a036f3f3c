"""The source distribution, the wheel built from it, and the package installed from that, away from the checkout."""

import json
import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import numpy as np
import pytest

from dirv_tf.io.image_files import read_image
from dirv_tf.models import DIRVNet

ROOT = Path(__file__).parents[1]
TISSUE = ROOT / "data" / "tissue"
# What no clone holds: .gitignore, as far as it matters here.
OTHERS = (".git", ".gitignore", ".venv*", "output", "tissue_set", "_build", "_generated", "__pycache__", "*.egg-info", ".*_cache")


def names(folder):
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def pip(*arguments):
    # The requirements are there already; fetching them again would only test the network.
    command = [sys.executable, "-m", "pip", *arguments, "--no-deps", "--no-index", "--quiet"]
    subprocess.run(command, check=True)


@pytest.fixture(scope="module")
def clone(tmp_path_factory):
    """A copy of the checkout to build from: setuptools builds in place and would leave folders behind."""
    folder = tmp_path_factory.mktemp("clone") / "dirv_tf"
    shutil.copytree(ROOT, folder, ignore=shutil.ignore_patterns(*OTHERS, "build", "dist"))
    return folder


@pytest.fixture(scope="module")
def source(clone, tmp_path_factory):
    """The source distribution, unpacked."""
    files, folder = names(clone), tmp_path_factory.mktemp("source")
    code = f"from setuptools import build_meta; build_meta.build_sdist({str(folder)!r})"
    subprocess.run([sys.executable, "-c", code], cwd=clone, check=True, capture_output=True)
    (archive,) = folder.iterdir()
    with tarfile.open(archive) as stream:
        stream.extractall(folder, filter="data")
    return next(path for path in folder.iterdir() if path.is_dir()), files


@pytest.fixture(scope="module")
def wheel(source, tmp_path_factory):
    """The wheel that the source distribution gives."""
    folder = tmp_path_factory.mktemp("wheel")
    pip("wheel", "--no-build-isolation", "--wheel-dir", str(folder), str(source[0]))
    return next(folder.iterdir())


@pytest.fixture(scope="module")
def python(wheel, tmp_path_factory):
    """Run Python in an empty folder, with an installed copy of the package and without the checkout."""
    folder = tmp_path_factory.mktemp("installed")
    site, empty = folder / "site", folder / "empty"
    empty.mkdir()
    pip("install", "--target", str(site), str(wheel))

    def run(*arguments):
        environment = {**os.environ, "PYTHONPATH": str(site), "TF_CPP_MIN_LOG_LEVEL": "3"}
        return subprocess.run(
            [sys.executable, *map(str, arguments)], cwd=empty, env=environment, capture_output=True, text=True
        )

    # Found, not imported: TensorFlow would come along.
    where = run("-c", "from importlib.util import find_spec; print(find_spec('dirv_tf').origin)").stdout.strip()
    assert Path(where).is_relative_to(site)
    assert (site / "bin" / "dirv-tf").is_file()
    run.folder = empty
    return run


def test_source_distribution_holds_the_whole_clone(source):
    folder, files = source
    unpacked = {name for name in names(folder) if ".egg-info" not in name}
    assert {"tests/conftest.py", "data/SHA256SUMS", "constraints/lint.txt", ".ci/run"} <= unpacked
    assert "experiments/runs/dirv_net/A-1.yaml" in unpacked
    assert unpacked - {"PKG-INFO"} == files


def test_wheel_holds_the_package_and_its_weights_alone(wheel):
    with zipfile.ZipFile(wheel) as archive:
        files = {name for name in archive.namelist() if not name.endswith("/")}
    metadata = f"{'-'.join(wheel.name.split('-')[:2])}.dist-info/"
    packaged = {f"dirv_tf/{name}" for name in names(ROOT / "dirv_tf") if "__pycache__" not in name}
    assert {"dirv_tf/py.typed", "dirv_tf/weights/A-1/weights.npz"} <= packaged
    assert {name for name in files if not name.startswith(metadata)} == packaged


def test_one_command_registers_the_shipped_pair(python):
    pair = [TISSUE / "ki67_scanner_1.png", TISSUE / "ki67_scanner_2.png"]
    done = python("-m", "dirv_tf", "register", *pair, "-o", "result")
    assert done.returncode == 0, done.stderr
    measured = json.loads((python.folder / "result" / "metrics.json").read_text(encoding="utf-8"))
    assert measured["metrics"]["difference_after"] < measured["metrics"]["difference_before"]
    registered = read_image(python.folder / "result" / "registered.png")
    assert registered.shape == (256, 256) and registered.dtype == np.uint8
    assert {"flow_field.npz", "registration.png"} <= {path.name for path in (python.folder / "result").iterdir()}


def test_a_saved_model_loads_without_custom_objects_and_runs_of_ones_own_need_no_checkout(python, rng):
    model = DIRVNet(rank=2, levels=2, units=1, experts=2, knots=4)
    pair = rng.random((2, 1, 16, 16, 1)).astype(np.float32)
    np.save(python.folder / "pair.npy", pair)
    expected = model(tuple(pair))["flow_field"].numpy()
    model.save(python.folder / "model.keras")
    run = python.folder / "mine.yaml"
    run.write_text(
        "name: mine\ndescription: the smallest run\n"
        "model: {levels: 1, units: 1, experts: 2, knots: 4, kernel_sizes: [3, 3]}\n"
        "data: {kind: chessboard, size: [16, 16], cell_range: [3, 5], transform: affine, desensitize: false, "
        "train_images: 2, test_images: 2}\n"
        "training: {epochs: 1, batch_size: 2, learning_rate: 1e-3, schedule: constant, loss: displacement}\n"
        "seeds: {training: 42, testing: 77}\nevaluation: {batch_size: 2, validation_images: 0}\n",
        encoding="utf-8",
    )
    # All in one process, which imports TensorFlow once; the model before anything else of the package is there.
    commands = [["train", str(run), "--no-tensorboard"], ["report", "runs", "-o", "report", "--no-pictures"]]
    done = python(
        "-c",
        "import numpy as np, tensorflow as tf, dirv_tf.models; "
        "model = tf.keras.models.load_model('model.keras'); "
        "np.save('field.npy', model(tuple(np.load('pair.npy')))['flow_field'].numpy()); "
        f"from dirv_tf.cli.main import main; assert not any([main(each) for each in {commands}])",
    )
    assert done.returncode == 0, done.stderr
    np.testing.assert_allclose(np.load(python.folder / "field.npy"), expected, atol=1e-6)
    assert "Run mine: the smallest run" in done.stdout and "mine, finest level" in done.stdout
    assert "thesis" not in done.stdout and "reference" not in done.stdout
    (folder,) = (python.folder / "runs").iterdir()
    assert (folder / "weights.npz").is_file()
    assert "| mine |" in (python.folder / "report" / "report.md").read_text(encoding="utf-8")
