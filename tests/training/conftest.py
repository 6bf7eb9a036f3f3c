"""One tiny run, carried out once for all tests that look at its files."""

import contextlib
from pathlib import Path

import pytest

from dirv_tf.training.config.config_loading import load_run
from dirv_tf.training.execution.run_folder import RunFolder
from dirv_tf.training.execution.staged_training import StagedTraining

RUNS = Path(__file__).parents[2] / "experiments" / "runs" / "dirv_net"
TINY = {
    "model.levels": 1,
    "model.units": 1,
    "model.experts": 4,
    "model.kernel_sizes": [3, 3],
    "model.knots": 8,
    "data.size": [16, 16],
    "data.cell_range": [3, 5],
    "data.test_size": [24, 20],
    # The pipelines are traced several times in a run: half of the operations.
    "data.transform": "affine",
    "data.desensitize": False,
    "data.train_images": 8,
    "data.test_images": 6,
    "training.epochs": 2,
    "training.batch_size": 4,
    "training.learning_rate": 1e-3,
    "training.schedule": "cosine",
    "evaluation.batch_size": 4,
    "evaluation.validation_images": 4,
}


@pytest.fixture(scope="module", autouse=True)
def _batches_traced_once(batches_traced_once):
    """Every run traces its pairs, which takes longer than its training."""


@pytest.fixture(scope="session")
def tiny_config():
    return load_run("A-6", overrides=TINY, folder=RUNS)


@pytest.fixture(scope="session")
def untimed():
    """Make a context in which runs do not say their expected time: to measure it takes longer than to train them."""

    @contextlib.contextmanager
    def context():
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(StagedTraining, "say_expected_time", lambda *_: None)
            yield

    return context


@pytest.fixture(scope="session")
def finished(tiny_config, tmp_path_factory):
    """Folder, returned metrics and reported lines of a run from start to end."""
    from dirv_tf.training.execution.run import execute

    folder = RunFolder.new(tiny_config, tmp_path_factory.mktemp("finished") / "run")
    lines = []
    with pytest.MonkeyPatch.context() as patch:
        # Nobody looks at the pictures of this run's pairs, which take longer than its training.
        patch.setattr("dirv_tf.training.monitoring.tensorboard_monitor.pair_pictures", lambda *_: ())
        return folder, execute(tiny_config, folder, report=lines.append), lines
