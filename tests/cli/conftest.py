"""Files for the commands, small enough to be registered at once."""

from pathlib import Path

import numpy as np
import pytest
from skimage.io import imsave

from dirv_tf.models import DIRVNet
from dirv_tf.models.weight_files import save_weights_file
from dirv_tf.registration import RegistrationResult, apply_to_image


@pytest.fixture(autouse=True)
def inside(tmp_path, monkeypatch):
    """Every command runs in an empty folder, with short paths."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def pair(rng):
    """Two gray PNG files of 24 x 32 pixels, and their arrays."""
    arrays = rng.integers(0, 256, size=(2, 24, 32)).astype(np.uint8)
    for name, array in zip(("fixed.png", "moving.png"), arrays):
        imsave(name, array, check_contrast=False)
    return arrays


@pytest.fixture(scope="session")
def network_in_folder(tmp_path_factory):
    """A small network, and the folder of its weights."""
    network = DIRVNet(rank=2, levels=1, units=1, experts=2, kernel_sizes=(3, 3), knots=4)
    folder = tmp_path_factory.mktemp("network")
    save_weights_file(network, folder)
    return network, folder


@pytest.fixture
def model(network_in_folder, inside):
    """A small network in the folder "model", the same for all tests: every other one would be traced anew."""
    network, folder = network_in_folder
    (inside / "model").symlink_to(folder, target_is_directory=True)
    return network


@pytest.fixture
def save_shift(pair, inside):
    """Save the registration of the two files by a shift, as if it had been found."""

    def save(folder, by, names=("fixed", "moving")):
        images = dict(zip(("fixed", "moving"), pair))
        field = np.broadcast_to(np.float32(by), (24, 32, 2))
        fixed, moving = (images[name] for name in names)
        RegistrationResult(
            registered=apply_to_image(moving, field),
            flow_field=field,
            displacement_field=field[::4, ::4],
            fixed=fixed,
            moving=moving,
            model_name="a shift",
            spacing=(4, 4),
            seconds=0.0,
            fixed_path=Path(f"{names[0]}.png"),
            moving_path=Path(f"{names[1]}.png"),
        ).save(folder)

    return save
