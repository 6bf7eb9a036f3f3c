"""The networks that are measured, with the pairs that they are measured on."""

from __future__ import annotations

import functools

import tensorflow as tf

from dirv_tf.datasets import ChessboardPairs
from dirv_tf.losses import UnsupervisedLoss
from dirv_tf.models import DIRVNet, VoxelMorph
from dirv_tf.training.config.config_loading import load_run
from dirv_tf.training.execution.building import compile_model
from experiments.benchmark.textbook_network import TextbookNetwork
from experiments.folders import RUNS

SEED = 42


def ready_to_train(run, textbook=False, **changes):
    """Build a run's network, compiled as for the run itself.

    Parameters
    ----------
    run : str
        Name of a run of the thesis.
    textbook : bool
        Whether to take the `TextbookNetwork`.
    **changes
        Other settings of the model, such as ``units`` or ``dtype``.

    Returns
    -------
    DIRVNet
    """
    config = load_run(run, folder=RUNS)
    settings = {**config.model.arguments(), **changes}
    tf.keras.utils.set_random_seed(SEED)
    network = (TextbookNetwork if textbook else DIRVNet)(rank=config.rank, **settings)
    compile_model(network, config, steps=1)
    return network


def voxelmorph_network():
    """Build VoxelMorph's U-Net of the published widths in 2D, compiled for its unsupervised training.

    Without the integration of a velocity field, which would add time.

    Returns
    -------
    VoxelMorph
    """
    network = VoxelMorph(rank=2)
    network.compile(tf.keras.optimizers.Adam(1e-4), UnsupervisedLoss("mse", "diffusion", 0.01))
    return network


def training_step(network, images, targets):
    """Return a call without arguments that carries out one training step, compiled, always on the same batch.

    `train_on_batch` makes a data set of every batch and takes it down again, which at times waits for a tenth of a
    second; `fit`, which trains the runs, makes it once. So does this.

    Parameters
    ----------
    network : tf.keras.Model
        Compiled.
    images, targets : tensors, or tuples or dictionaries of them
        One batch.

    Returns
    -------
    callable
    """
    network.make_train_function()
    batches = iter(tf.data.Dataset.from_tensors((images, targets)).repeat())
    return functools.partial(network.train_function, batches)


def pairs(side, rank, count):
    """Return chessboard pairs ``((fixed, moving), flow_field)`` as the networks are trained on."""
    return ChessboardPairs((side,) * rank, count, count, seed=SEED).frozen_batch()
