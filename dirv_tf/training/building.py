"""Builds network, pairs, loss and optimizer from a run's configuration."""

from __future__ import annotations

import dataclasses

import tensorflow as tf

from dirv_tf import datasets, losses, metrics
from dirv_tf.models import DIRVNet


def build_model(config):
    """Builds the network with its weights; the same seed gives the same weights.

    Parameters
    ----------
    config : RunConfig

    Returns
    -------
    DIRVNet
        Built, not compiled. The global random seed is set to the training seed.
    """
    tf.keras.utils.set_random_seed(config.seeds.training)
    settings = dataclasses.asdict(config.model)
    return DIRVNet(rank=config.rank, **settings)


def compile_model(model, config, steps):
    """Gives the network its loss, its metrics and Adam with the run's learning rate.

    Parameters
    ----------
    model : DIRVNet
    config : RunConfig
    steps : int
        Training steps of the whole run: where a decaying learning rate reaches zero.
    """
    optimizer = tf.keras.optimizers.Adam(learning_rate(config, steps), beta_1=0.9, beta_2=0.999)
    errors = metrics.RegistrationErrors(config.model.levels)
    model.compile(optimizer=optimizer, loss=_loss(config.training), metrics=[errors])
    # Built now, so that its variables are there to be restored before the first step.
    optimizer.build(model.trainable_variables)


def learning_rate(config, steps):
    """The learning rate of a run.

    Parameters
    ----------
    config : RunConfig
    steps : int
        Training steps of the whole run: where a decaying learning rate reaches zero.

    Returns
    -------
    float or tf.keras.optimizers.schedules.LearningRateSchedule
    """
    rate = config.training.learning_rate
    if config.training.schedule == "cosine":
        return tf.keras.optimizers.schedules.CosineDecay(rate, decay_steps=steps)
    return rate


def training_pairs(config):
    """The pairs to train on, with new fields every epoch."""
    return _pairs(config, config.data.train_images, config.training.batch_size, config.seeds.training)


def validation_pairs(config):
    """The first of the unseen pairs, for a look after every epoch; None when the run asks for none."""
    count = min(config.evaluation.validation_images, config.data.test_images)
    return _pairs(config, count, config.evaluation.batch_size, config.seeds.testing) if count else None


def testing_pairs(config):
    """The unseen pairs of the final test."""
    return _pairs(config, config.data.test_images, config.evaluation.batch_size, config.seeds.testing)


def _pairs(config, count, batch_size, seed):
    settings = dataclasses.asdict(config.data)
    del settings["train_images"], settings["test_images"]
    return datasets.from_config({**settings, "count": count, "batch_size": min(batch_size, count), "seed": seed})


def _loss(training):
    if training.loss == "displacement":
        return losses.DisplacementLoss()
    if training.loss == "intensity":
        return losses.IntensityLoss()
    return losses.CombinedLoss(training.displacement_weight, training.intensity_weight)
