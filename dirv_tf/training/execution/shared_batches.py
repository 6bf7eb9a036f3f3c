"""Whether the replicas of a training can share its batches, and whether its workers carry out one and the same run."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np

from dirv_tf.training.config.common_data_settings import change_paths
from dirv_tf.validation import ConfigError


def check_shares(config: Any, replicas: int, pairs: Any, *tests: Any) -> None:
    """Refuse what several replicas cannot share.

    Parameters
    ----------
    config : RunConfig
    replicas : int
    pairs : dirv_tf.datasets.PairBatches
        To train on.
    *tests : dirv_tf.datasets.PairBatches or None
        To test on.

    Raises
    ------
    ConfigError
        When a training batch cannot be divided evenly, so that the mean of the replicas were not that of the batch;
        when a batch of a test has no pair for some replica; when a term of the loss is no mean over pairs; or when XLA
        is asked for.
    """
    if replicas == 1:
        return
    last = pairs.count % pairs.batch_size
    if pairs.batch_size % replicas or last % replicas:
        raise ConfigError(
            f"'training.batch_size' must be a multiple of {replicas}, the replicas that share a batch, and the pairs "
            "of an epoch must end with such a batch as well. "
            f"Received: training.batch_size={config.training.batch_size}, "
            f"{pairs.count} pairs in an epoch, the last batch of {last or pairs.batch_size}"
        )
    for test in tests:
        # The last one is smaller, if it is not the only one.
        sizes = [] if test is None else [min(test.batch_size, test.count), test.count % test.batch_size]
        for size in filter(None, sizes):
            # TensorFlow gives each replica as many pairs, rounded up, until there are none left.
            if (replicas - 1) * -(-size // replicas) >= size:
                raise ConfigError(
                    f"'evaluation.batch_size' must leave a pair of every batch, the last one as well, for each of "
                    f"{replicas} replicas, which get as many, rounded up, until there are none left. "
                    f"Received: evaluation.batch_size={config.evaluation.batch_size}, {test.count} pairs to test, "
                    f"a batch of {size}"
                )
    for term in config.training.terms or ():
        if term.kind == "landmarks" or getattr(term, "measure", None) == "mse":
            received = f"kind={term.kind}" + (f", measure={term.measure}" if hasattr(term, "measure") else "")
            raise ConfigError(
                "'training.terms' of several replicas must be means over pairs: those of landmarks count the pairs "
                "that have any, and those of the measure mse weight labels by all pairs of a batch, of which a replica "
                f"has its share alone. Received: {received}, {replicas} replicas"
            )
    if config.training.jit_compile is True:
        raise ConfigError(
            f"'training.jit_compile' must be auto or false for {replicas} replicas: XLA for the whole step was not "
            "tried with several. Received: training.jit_compile=true"
        )


def check_agreement(config: Any, files: dict, distribution: Any) -> None:
    """Refuse to train when the workers have different settings or image files.

    Parameters
    ----------
    config : RunConfig
    files : dict
        The record's entry of the files that are read.
    distribution : Distribution

    Raises
    ------
    ConfigError
        On all workers alike, when one of them differs from the chief. Where the files lie may differ.
    """
    settings = config.as_mapping()
    # Each machine may have its own folders, and its own idea of how long to wait.
    change_paths(config.data, settings["data"], lambda path: Path(path).name)
    settings["training"] = {**settings["training"], "distribution": {}, "start_from": None}
    names = {part: [[Path(path).name for path in _flat(entry)] for entry in each] for part, each in files.items()}
    text = json.dumps([settings, names], sort_keys=True, default=str)
    own = np.frombuffer(hashlib.sha256(text.encode()).digest(), np.uint8).astype(np.int32)
    differs = bool((own != distribution.from_chief({"digest": own})["digest"]).any())
    if distribution.any_worker(differs):
        which = f"{distribution.cluster.name} has others than the chief" if differs else "another worker has others"
        raise ConfigError(
            "Expected the same settings, and image files of the same names, on all workers: give each of them the same "
            f"command. Received: {which}"
        )


def _flat(entry):
    return entry if isinstance(entry, (list, tuple)) else [entry]
