"""What a run is going to do, in words."""

from __future__ import annotations

from pathlib import Path

from dirv_tf.training.execution.environment import hardware_line


def plan(config, folder, pairs, testing, found, start=None, distribution=None):
    """Say what a run is going to do, in lines of text.

    Parameters
    ----------
    config : RunConfig
    folder : RunFolder
    pairs, testing : dirv_tf.datasets.PairBatches
        Pairs to train and to test on.
    found : dict
        With `versions` and `hardware`.
    start : StartingWeights or None
        The weights to start from.
    distribution : Distribution or None
        What it is trained on, where that is not one device.

    Returns
    -------
    list of str
    """
    model, data, training = config.model, config.data, config.training
    size, test_size = ("×".join(map(str, each.size)) for each in (pairs, testing))
    preset = f", preset {config.preset}" if config.preset else ""
    fields = f"{data.transform} fields" if data.known_fields else "unknown fields"
    fields = fields if training.teacher is None else f"fields of a teacher ({training.teacher.description()})"
    drawn = ", ".join(pairs.annotations)
    return [
        f"Run {config.name}{preset}: {config.description}",
        f"  network   {model.description()}: {config.parameters:,} parameters",
        *([f"  start     weights of {start.name}, SHA-256 {start.card['sha256'][:12]}…"] if start else []),
        f"  training  {pairs.count:,} pairs of {size}{_files(pairs)}, {fields}{f', {drawn}' if drawn else ''}, "
        f"batches of {training.batch_size}, {training.epochs} epochs of {pairs.steps_per_epoch} steps, "
        f"learning rate {training.learning_rate:g} {training.schedule}, seed {config.seeds.training}",
        *_terms(config),
        *_stages(config),
        *_shares(pairs, distribution),
        f"  test      {testing.count:,} unseen pairs of {test_size}{_files(testing)}, seed {config.seeds.testing}",
        f"  machine   {hardware_line(found['hardware'])}; TensorFlow {found['versions']['tensorflow']}",
        f"  results   {folder.path}",
    ]


def _terms(config):
    """Say what is added up in the loss, where that is more than the loss alone."""
    terms = config.training.terms
    return [] if terms is None else ["  loss      " + " + ".join(f"{term.weight:g} × {term.kind}" for term in terms)]


def _shares(pairs, distribution):
    """Say who shares the batches, where that is more than one."""
    if distribution is None or distribution.replicas == 1:
        return []
    workers, replicas = distribution.workers, distribution.replicas
    who = f"{workers} workers, " if workers > 1 else ""
    each = pairs.batch_size // replicas
    return [f"  shared    {who}{replicas} replicas, {each} pair{'s' * (each > 1)} of each batch for each of them"]


def _stages(config):
    """Say what is trained one after the other, where that is more than one thing."""
    stages = config.stages
    parts = [
        f"{stage.name}{f' of {stage.steps} steps' if stage.steps else ''} in epochs {stage.first_epoch + 1} to "
        f"{stage.last_epoch}, {f'{stage.loss} loss, ' if stage.loss else ''}learning rate {stage.learning_rate:g}"
        for stage in stages
    ]
    return [f"  {'stages' if number == 0 else '':8}  {part}" for number, part in enumerate(parts) if len(parts) > 1]


def _files(pairs):
    files = getattr(pairs, "files", None)
    if files is None:
        return ""
    return f" from {len(files):,} {'image' if isinstance(files[0], Path) else 'image pair'}{'s' * (len(files) > 1)}"
