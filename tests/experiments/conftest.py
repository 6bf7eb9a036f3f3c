"""A tiny series, stopped in its second run: one finished run and one that waits."""

import pytest

from dirv_tf.training.config.config_loading import load_run
from dirv_tf.training.execution.interruption import TrainingInterrupted
from dirv_tf.training.execution.run_folder import RunFolder
from dirv_tf.training.execution.staged_training import StagedTraining
from experiments.folders import RUNS

TINY = {
    "model.levels": 1,
    "model.units": 1,
    "model.experts": 2,
    "model.kernel_sizes": [3, 3],
    "model.knots": 4,
    "data.size": [16, 16],
    "data.cell_range": [3, 5],
    "data.transform": "affine",
    "data.desensitize": False,
    "data.train_images": 4,
    "data.test_images": 8,
    "training.epochs": 1,
    "training.batch_size": 4,
    "training.learning_rate": 1e-2,
    "evaluation.batch_size": 4,
    "evaluation.validation_images": 4,
}


@pytest.fixture(scope="module", autouse=True)
def _batches_traced_once(batches_traced_once):
    """Every run traces its pairs, which takes longer than its training."""


@pytest.fixture(scope="session")
def tiny_configs():
    return [load_run(name, overrides=TINY, folder=RUNS) for name in ("B-1", "B-2")]


@pytest.fixture(scope="session")
def stopped_series(tiny_configs, tmp_path_factory, without_tracing):
    """Exit status, folder and lines of a series that was stopped at the beginning of its second run."""
    from experiments.reproduction import series as module

    folder, lines, execute = tmp_path_factory.mktemp("series"), [], module.execute

    def stop_in_the_second_run(config, run_folder, tensorboard, report):
        if config.name == "B-2":
            run_folder.write_config(config)
            raise TrainingInterrupted
        return execute(config, run_folder, tensorboard, report)

    with pytest.MonkeyPatch.context() as patch, without_tracing():
        patch.setattr(module, "execute", stop_in_the_second_run)
        # To measure steps before takes longer than this training.
        patch.setattr(StagedTraining, "say_expected_time", lambda *_: None)
        status = module.carry_out(tiny_configs, folder, tensorboard=False, say=lines.append)
    return status, folder, lines


@pytest.fixture
def finished_run(stopped_series):
    """The folder of the finished run."""
    (path,) = stopped_series[1].glob("B-1-*")
    return RunFolder(path)
