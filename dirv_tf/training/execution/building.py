"""Builds network, pairs, loss and optimizer from a run's configuration."""

from __future__ import annotations

import tensorflow as tf

from dirv_tf import datasets, losses, metrics
from dirv_tf.training.execution.annotations import loss_of_terms
from dirv_tf.training.execution.field_sources import judged_pairs
from dirv_tf.training.execution.joint_clipping import JointlyClippedAdam
from dirv_tf.training.execution.teacher_store import taught_pairs
from dirv_tf.validation import ConfigError

# Shares of a stage after which the schedule "halving" halves the learning rate.
_HALVED_AFTER = (0.3, 0.6, 0.9)


def build_model(config, network=None):
    """Build the network with its weights; the same seed gives the same weights.

    Parameters
    ----------
    config : RunConfig
    network : type, optional
        A variant of the class of `config.model.kind` with the same arguments.

    Returns
    -------
    RegistrationNetwork
        Built, not compiled. The global random seed is set to the training seed.
    """
    tf.keras.utils.set_random_seed(config.seeds.training)
    options = {name: getattr(config.training, name) for name in config.model.training_arguments}
    return config.model.build(
        config.rank,
        network,
        dtype=config.training.precision,
        normalization=config.data.normalization,
        **options,
    )


def compile_model(model, config, steps, stage=None, further_metrics=()):
    """Give the network the loss of a stage of the training, its metrics and a fresh Adam with its learning rate.

    Parameters
    ----------
    model : RegistrationNetwork
    config : RunConfig
    steps : int
        Training steps of the stage: where a decaying learning rate reaches zero.
    stage : TrainingStage, optional
        One of `config.stages`; default: the last one, whose loss is that of the whole network.
    further_metrics : sequence of tf.keras.metrics.Metric
        Beside those of fields and intensities.
    """
    stage = stage or config.stages[-1]
    replicas = tf.distribute.get_strategy().num_replicas_in_sync
    kind = JointlyClippedAdam if replicas > 1 else tf.keras.optimizers.Adam
    optimizer = kind(
        learning_rate(config, stage, steps), beta_1=0.9, beta_2=0.999, global_clipnorm=config.training.clip_norm
    )
    jit_compile = config.training.jit_compile
    if jit_compile == "auto":
        # XLA for the whole step was not tried with several replicas.
        jit_compile = None if replicas == 1 else False
    judges = config.model.task == "uncertainty" and config.data.known_fields
    of_task = [metrics.CalibrationScores()] if judges else []
    model.compile(
        optimizer=optimizer,
        loss=_loss(stage, config, steps),
        metrics=[metrics.RegistrationErrors(model.levels, config.known_fields), *of_task, *further_metrics],
        jit_compile=jit_compile,
        steps_per_execution=config.training.steps_per_execution,
    )
    # Built now, so that its variables are there to be restored before the first step.
    optimizer.build(model.trainable_variables)


def learning_rate(config, stage, steps):
    """Return the learning rate of a stage of the training.

    Parameters
    ----------
    config : RunConfig
    stage : TrainingStage
    steps : int
        Training steps of the stage: where a decaying learning rate reaches zero.

    Returns
    -------
    float or tf.keras.optimizers.schedules.LearningRateSchedule
    """
    if config.training.schedule == "cosine":
        return tf.keras.optimizers.schedules.CosineDecay(stage.learning_rate, decay_steps=steps)
    if config.training.schedule == "halving":
        boundaries = [round(share * steps) for share in _HALVED_AFTER]
        rates = [stage.learning_rate / 2**times for times in range(len(boundaries) + 1)]
        return tf.keras.optimizers.schedules.PiecewiseConstantDecay(boundaries, rates)
    return stage.learning_rate


def training_pairs(config):
    """Return the pairs to train on, with new fields or patches every epoch.

    Raises
    ------
    ConfigError
        When the files that the configuration names are not there or cannot be used, or an epoch cannot be divided into
        executions of `training.steps_per_execution` steps.
    """
    pairs = _pairs(config, "train", config.training.batch_size, config.seeds.training)
    steps, together = pairs.steps_per_epoch, config.training.steps_per_execution
    # Keras 3 would run on into the next epoch.
    if steps % together:
        divisors = ", ".join(str(number) for number in range(1, steps + 1) if steps % number == 0)
        raise ConfigError(
            f"'training.steps_per_execution' must divide the {steps} steps of an epoch: {divisors}. "
            f"Received: training.steps_per_execution={together}"
        )
    return pairs


def testing_pairs(config):
    """The unseen pairs of the final test; raises as `training_pairs` does."""
    return _pairs(config, "test", config.evaluation.batch_size, config.seeds.testing)


def validation_pairs(config, testing):
    """Return the first of the unseen pairs `testing`, for a look after every epoch; None when the run asks for none."""
    count = config.evaluation.validation_images
    return testing.first(count) if count else None


def _pairs(config, part, batch_size, seed):
    arguments = {**config.data.dataset(part), "batch_size": batch_size, "seed": seed}
    try:
        pairs = datasets.from_config(arguments)
    except (OSError, ValueError) as error:
        text = f"Pairs to {part} with, 'data' of kind {config.data.kind}: {error}"
        made_by = getattr(config.data, "made_by", None)
        if isinstance(error, FileNotFoundError) and made_by:
            text += f". The folder is made by: {made_by}"
        raise ConfigError(text) from error
    given = config.training.given_fields
    if given is not None:
        return judged_pairs(pairs, given, config.rank, config.training.distinct_epochs)
    pairs = taught_pairs(config, part, pairs)
    distinct = config.distinct_epochs
    return pairs if distinct is None or part == "test" else pairs.repeating(distinct)


def _loss(stage, config, steps):
    own = None if stage.loss is None else _own_loss(stage, config, steps)
    return own if config.training.terms is None else loss_of_terms(config.training.terms, own)


def _own_loss(stage, config, steps):
    training = config.training
    if stage.loss == "unsupervised":
        return config.model.own_loss(stage.unsupervised, steps)
    if stage.loss == "field_likelihood":
        return losses.FieldLikelihoodLoss(stage.unsupervised["weight"], training.image_variance)
    if stage.loss == "gaussian_likelihood":
        return losses.GaussianLikelihoodLoss()
    if stage.loss == "displacement":
        return losses.DisplacementLoss(training.unit_decay, training.spread_weight)
    if stage.loss == "intensity":
        return losses.IntensityLoss()
    weights = training.displacement_weight, training.intensity_weight
    return losses.CombinedLoss(*weights, training.unit_decay, training.spread_weight)
