"""What several replicas cannot share, and workers that do not carry out one run."""

import dataclasses
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from dirv_tf.training.config.distribution_settings import MultiWorkerSettings
from dirv_tf.training.config.loss_terms import BoxesTerm, LabelsTerm, LandmarksTerm, OwnTerm
from dirv_tf.training.execution import building
from dirv_tf.training.execution.shared_batches import check_agreement, check_shares
from dirv_tf.training.execution.worker_cluster import WorkerCluster
from dirv_tf.validation import ConfigError


def changed(config, section, **settings):
    return dataclasses.replace(config, **{section: dataclasses.replace(getattr(config, section), **settings)})


def check(config, replicas):
    testing = building.testing_pairs(config)
    check_shares(config, replicas, building.training_pairs(config), testing, testing.first(4), None)


def test_batches_that_can_be_shared_are_legal(tiny_config):
    # 8 pairs in batches of 4, and 6 in batches of 4 and 2.
    for replicas in (1, 2):
        check(tiny_config, replicas)
    check(changed(tiny_config, "training", jit_compile=True, batch_size=3), 1)
    check(changed(tiny_config, "training", terms=(OwnTerm(), LabelsTerm())), 2)
    check(changed(tiny_config, "training", loss=None, terms=(LandmarksTerm(), BoxesTerm())), 1)


@pytest.mark.parametrize("replicas, section, settings, text", [
    (3, "training", {}, "'training.batch_size' must be a multiple of 3, .*training.batch_size=4, 8 pairs in an epoch"),
    (2, "training", {"batch_size": 3}, "must be a multiple of 2, .*Received: training.batch_size=3, 8 pairs"),
    (4, "data", {"train_images": 10}, "the pairs of an epoch must end with such a batch.*10 pairs .* last batch of 2"),
    (4, "training", {}, "'evaluation.batch_size' must leave a pair of every batch.* 4 replicas.*6 pairs to test, .* 2$"),
    (2, "training", {"terms": (OwnTerm(), LandmarksTerm())}, "must be means over pairs.*kind=landmarks, 2 replicas"),
    (2, "training", {"loss": None, "terms": (BoxesTerm(),)}, "must be means over pairs.*kind=boxes, measure=mse, 2 replicas"),
    (2, "training", {"jit_compile": True}, "'training.jit_compile' must be auto or false for 2 replicas.*=true"),
])
def test_what_cannot_be_shared_is_refused(tiny_config, replicas, section, settings, text):
    with pytest.raises(ConfigError, match=text):
        check(changed(tiny_config, section, **settings), replicas)


def test_a_test_batch_of_which_tensorflow_gives_a_replica_nothing_is_refused(tiny_config):
    training = SimpleNamespace(count=12, batch_size=12)
    refused = set()
    for replicas in (2, 3, 4):
        for size in range(1, 9):
            # Once as a full batch, once as the last one of two.
            for test in (SimpleNamespace(count=size, batch_size=size), SimpleNamespace(count=24 + size, batch_size=24)):
                try:
                    check_shares(tiny_config, replicas, training, test)
                except ConfigError as error:
                    assert f"a batch of {size}" in str(error)
                    refused.add((replicas, size))
                else:
                    assert (replicas, size) not in refused
    too_small = {(2, 1), (3, 1), (3, 2), (4, 1), (4, 2), (4, 3)}
    # What MirroredStrategy parts into [2, 2, 0], [2, 2, 1, 0] and [2, 2, 2, 0], and no other batch of up to 8 pairs.
    assert refused == too_small | {(3, 4), (4, 5), (4, 6)}


class Worker:
    """A worker, and what the chief and the others have."""

    def __init__(self, digest=None, others_differ=False):
        self.cluster, self.digest, self.others_differ = WorkerCluster(("a:1", "b:1"), 1), digest, others_differ

    def from_chief(self, arrays):
        self.given = arrays["digest"]
        return arrays if self.digest is None else {"digest": self.digest}

    def any_worker(self, is_true):
        return is_true or self.others_differ


def test_workers_agree_on_settings_and_names_of_files_but_not_on_folders_and_devices(tiny_config):
    chief = Worker()
    files = {"train": [[Path("/a/one.png"), "/a/two.png"]], "test": ["/a/three.png"]}
    elsewhere = {"train": [[Path("/b/one.png"), "/b/two.png"]], "test": ["/b/three.png"]}
    check_agreement(tiny_config, files, chief)
    on_devices = changed(
        tiny_config, "training", start_from="/c/weights.npz", distribution=MultiWorkerSettings(patience=5)
    )
    check_agreement(on_devices, elsewhere, Worker(chief.given))
    other_rate = changed(tiny_config, "training", learning_rate=2e-3)
    for config, named in ((other_rate, files), (tiny_config, {**files, "test": ["/a/four.png"]})):
        worker = Worker(chief.given)
        with pytest.raises(ConfigError, match="the same settings.*Received: worker 2 of 2 has others than the chief"):
            check_agreement(config, named, worker)
        assert (np.asarray(worker.given) != chief.given).any()
    with pytest.raises(ConfigError, match="Received: another worker has others"):
        check_agreement(tiny_config, files, Worker(chief.given, others_differ=True))
