"""The package installed as users install it, away from the checkout."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from dirv_tf.io.image_files import read_image
from dirv_tf.models import DIRVNet

ROOT = Path(__file__).parents[1]
TISSUE = ROOT / "data" / "tissue"


@pytest.fixture(scope="module")
def python(tmp_path_factory):
    """Run Python in an empty folder, with an installed copy of the package and without the checkout."""
    folder = tmp_path_factory.mktemp("installed")
    source, site, empty = folder / "source", folder / "site", folder / "empty"
    empty.mkdir()
    # Built from a copy: pip builds in place and would leave folders in the checkout.
    shutil.copytree(ROOT / "dirv_tf", source / "dirv_tf", ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("setup.cfg", "setup.py", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source)
    # Its requirements are there already; fetching them again would only test the network.
    options = ["--no-deps", "--no-build-isolation", "--no-index", "--quiet", "--target", str(site)]
    subprocess.run([sys.executable, "-m", "pip", "install", *options, str(source)], check=True)

    def run(*arguments):
        environment = {**os.environ, "PYTHONPATH": str(site), "TF_CPP_MIN_LOG_LEVEL": "3"}
        return subprocess.run(
            [sys.executable, *map(str, arguments)], cwd=empty, env=environment, capture_output=True, text=True
        )

    where = run("-c", "import dirv_tf; print(dirv_tf.__file__)").stdout.strip()
    assert Path(where).is_relative_to(site)
    assert (site / "bin" / "dirv-tf").is_file()
    run.folder = empty
    return run


def test_one_command_registers_the_shipped_pair(python):
    pair = [TISSUE / "ki67_scanner_1.png", TISSUE / "ki67_scanner_2.png"]
    done = python("-m", "dirv_tf", "register", *pair, "-o", "result")
    assert done.returncode == 0, done.stderr
    figures = json.loads((python.folder / "result" / "metrics.json").read_text(encoding="utf-8"))
    assert figures["metrics"]["difference_after"] < figures["metrics"]["difference_before"]
    registered = read_image(python.folder / "result" / "registered.png")
    assert registered.shape == (256, 256) and registered.dtype == np.uint8
    assert {"flow_field.npz", "registration.png"} <= {path.name for path in (python.folder / "result").iterdir()}


def test_runs_of_ones_own_need_no_checkout(python):
    run = python.folder / "mine.yaml"
    run.write_text(
        "name: mine\ndescription: the smallest run\n"
        "model: {levels: 1, units: 1, experts: 2, knots: 4, kernel_sizes: [3, 3]}\n"
        "data: {kind: chessboard, size: [16, 16], cell_range: [3, 5], train_images: 2, test_images: 2}\n"
        "training: {epochs: 1, batch_size: 2, learning_rate: 1e-3, schedule: constant, loss: displacement}\n"
        "seeds: {training: 42, testing: 77}\nevaluation: {batch_size: 2, validation_images: 0}\n",
        encoding="utf-8",
    )
    done = python("-m", "dirv_tf", "train", run, "--no-tensorboard")
    assert done.returncode == 0, done.stderr
    assert "Run mine: the smallest run" in done.stdout and "mine, finest level" in done.stdout
    assert "thesis" not in done.stdout and "reference" not in done.stdout
    (folder,) = (python.folder / "runs").iterdir()
    assert (folder / "weights.npz").is_file()
    done = python("-m", "dirv_tf", "report", "runs", "-o", "report", "--no-pictures")
    assert done.returncode == 0, done.stderr
    assert "| mine |" in (python.folder / "report" / "report.md").read_text(encoding="utf-8")


def test_a_saved_model_loads_in_a_fresh_process_without_custom_objects(python, rng):
    model = DIRVNet(rank=2, levels=2, units=1, experts=2, knots=4)
    pair = rng.random((2, 1, 16, 16, 1)).astype(np.float32)
    np.save(python.folder / "pair.npy", pair)
    expected = model(tuple(pair))["flow_field"].numpy()
    model.save(python.folder / "model.keras")
    code = (
        "import numpy as np, tensorflow as tf, dirv_tf.models; "
        "model = tf.keras.models.load_model('model.keras'); "
        "np.save('field.npy', model(tuple(np.load('pair.npy')))['flow_field'].numpy())"
    )
    done = python("-c", code)
    assert done.returncode == 0, done.stderr
    np.testing.assert_allclose(np.load(python.folder / "field.npy"), expected, atol=1e-6)
