"""The parts of a training: which stage of the network learns in which epochs, how fast and from which loss."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any, NamedTuple

from dirv_tf.models.bounds import repetitions
from dirv_tf.validation import ConfigError, integer, number, one_of, setting, text

LOSSES_OF_TASKS = {
    "registration": ("displacement", "intensity", "combined", "unsupervised"),
    "uncertainty": ("field_likelihood", "gaussian_likelihood"),
}
LOSSES = tuple(loss for losses in LOSSES_OF_TASKS.values() for loss in losses)
# Those that need no true field.
WITHOUT_FIELDS = ("intensity", "unsupervised", "field_likelihood")
# Settings of the training that belong to these losses alone.
LOSSES_OF_SETTINGS = {
    "similarity": ("unsupervised",),
    "regularization": ("unsupervised", "field_likelihood"),
    "symmetry": ("unsupervised",),
    "image_variance": ("field_likelihood",),
}
SIMILARITIES = ("mse", "ncc", "lncc", "mk_lncc", "mind")


@dataclasses.dataclass(frozen=True)
class StageSettings:
    """One entry of `training.stages`: a stage of the network, and for how many epochs it is trained.

    The entries name all stages of the network in their order; a stage may stand in several entries, one behind the
    other, and a run with a `start_from` may leave out the first ones. What is left out of an entry is that of the
    section `training`. Every entry begins with a fresh optimizer and with its learning rate; all other stages are
    frozen, and those behind it are not computed. `steps`, of networks whose stages repeat themselves, is how often in
    training; what is left out is as often as in tests.
    """

    stage: str = setting(text())
    epochs: int = setting(integer(1, 10**9))
    learning_rate: float | None = setting(number(above=0), default=None)
    loss: str | None = setting(one_of(*LOSSES), default=None)
    similarity: str | None = setting(one_of(*SIMILARITIES), default=None)
    regularization: float | None = setting(number(low=0), default=None)
    symmetry: float | None = setting(number(low=0), default=None)
    steps: int | None = setting(repetitions(), default=None)


class TrainingStage(NamedTuple):
    """A part of a training, with everything that holds for it.

    Attributes
    ----------
    name : str
        The stage of the network that is trained.
    first_epoch, last_epoch : int
        Epochs done before it, and when it is done.
    learning_rate : float
        At its beginning.
    loss : str
        One of `LOSSES`.
    unsupervised : dict
        Arguments of the family's loss without true fields, where that is the loss.
    steps : int or None
        How often the stage repeats itself in training, where the run file says it.
    """

    name: str
    first_epoch: int
    last_epoch: int
    learning_rate: float
    loss: str | None
    unsupervised: dict[str, Any]
    steps: int | None = None


def training_stages(training: Any, names: Sequence[str], unsupervised: dict[str, Any]) -> tuple[TrainingStage, ...]:
    """Return the parts of a training in their order.

    Parameters
    ----------
    training : TrainingSettings
    names : sequence of str
        The stages of the network.
    unsupervised : dict
        Arguments of the unsupervised loss, as the network's family was published.

    Raises
    ------
    ConfigError
        When the entries do not name the stages in their order, or there are fewer epochs than stages.
    """
    entries = training.stages or _divided(training.epochs, names)
    found = [entry.stage for entry in entries]
    in_order = [name for number, name in enumerate(found) if number == 0 or found[number - 1] != name]
    legal = [list(names[first:]) for first in range(len(names) if training.start_from else 1)]
    if in_order not in legal:
        raise ConfigError(
            f"'training.stages' must name the stages of the network in their order, {', '.join(names)}. "
            f"Received: {', '.join(found)}"
        )
    stages, done = [], 0
    for entry in entries:
        changes = {"similarity": _first(entry.similarity, training.similarity),
                   "weight": _first(entry.regularization, training.regularization),
                   "symmetry": _first(entry.symmetry, training.symmetry)}
        stages.append(
            TrainingStage(
                entry.stage,
                done,
                done + entry.epochs,
                _first(entry.learning_rate, training.learning_rate),
                _first(entry.loss, training.loss),
                {**unsupervised, **{key: value for key, value in changes.items() if value is not None}},
                entry.steps,
            )
        )
        done += entry.epochs
    return tuple(stages)


def _divided(epochs, names):
    """Give every stage as many epochs as the others, the first ones one more where they do not come out even."""
    if epochs < len(names):
        raise ConfigError(
            f"'training.epochs' must be at least the number of stages of the network, {len(names)} "
            f"({', '.join(names)}). Received: training.epochs={epochs}"
        )
    each, more = divmod(epochs, len(names))
    return [StageSettings(name, each + (number < more)) for number, name in enumerate(names)]


def _first(own, shared):
    return shared if own is None else own
