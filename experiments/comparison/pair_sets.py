"""The sets of pairs on which methods are compared: test pairs of runs, and other pairs of the same kind to tune on."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np

from dirv_tf.training.config.config_loading import load_run
from dirv_tf.training.execution.building import testing_pairs, training_pairs
from experiments.folders import EXPERIMENTS, RUNS

TISSUE = str(EXPERIMENTS / "studies" / "runs" / "tissue.yaml")


class PairSet(NamedTuple):
    """A kind of pairs: its name, what it is, the run whose pairs it takes, and settings on top of the run's."""

    name: str
    what: str
    run: str
    settings: Mapping[str, Any] = MappingProxyType({})


SETS = (
    PairSet("chessboards-64", "gradient chessboards of 64², A-6's test", "A-6"),
    PairSet("chessboards-128", "gradient chessboards of 128², C-2's test", "C-2"),
    PairSet(
        "chessboards-128-large",
        "gradient chessboards of 128², fields 2.5 times as large as in C-2's test",
        "C-2",
        {"data.max_displacement": 15.0},
    ),
    PairSet("tissue-128", "patches of 128² of sections, deformed by known fields", TISSUE, {"data.size": [128, 128]}),
    PairSet("chessboards-64-volumes", "gradient chessboards of 64³, F-1's test", "F-1"),
)


class Pairs(NamedTuple):
    """Images (N, n_1, ..., n_r, 1) and true flow fields (N, n_1, ..., n_r, r), float32."""

    fixed: np.ndarray
    moving: np.ndarray
    flow_field: np.ndarray


def image_size(pair_set):
    """Return the sides of the images of a set, in pixels."""
    return load_run(pair_set.run, overrides=pair_set.settings, folder=RUNS).data.size


def draw(pair_set, part, count):
    """Take some pairs, spread evenly over the batches, because the pairs of a batch share their non-rigid amplitude.

    Parameters
    ----------
    pair_set : PairSet
    part : {"test", "train"}
        Pairs of the run's test, or of its training seed (and, of files, its training files): to tune on.
    count : int

    Returns
    -------
    Pairs

    Raises
    ------
    ValueError
        When there are fewer pairs than that.
    """
    config = load_run(pair_set.run, overrides=pair_set.settings, folder=RUNS)
    source = testing_pairs(config) if part == "test" else training_pairs(config)
    if not 1 <= count <= source.count:
        raise ValueError(f"Expected 1 to {source.count} pairs of {pair_set.name}. Received: count={count}")
    per_batch = -(-count // source.steps_per_epoch)
    batches = -(-count // per_batch)
    wanted = set(np.linspace(0, source.steps_per_epoch - 1, batches).round().astype(int))
    drawn = [
        [array[:per_batch] for array in (fixed, moving, flow_field)]
        for number, ((fixed, moving), flow_field) in enumerate(source.evaluation().as_numpy_iterator())
        if number in wanted
    ]
    return Pairs(*(np.concatenate(arrays)[:count] for arrays in zip(*drawn)))
