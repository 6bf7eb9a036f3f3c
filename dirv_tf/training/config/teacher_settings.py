"""The settings of a teacher, whose fields a network learns to find."""

from __future__ import annotations

import dataclasses
from typing import Any

from dirv_tf.training.config.training_stages import WITHOUT_FIELDS
from dirv_tf.validation import ConfigError, boolean, integer, one_of, optional, setting, text

# Those of `dirv_tf.registration`, which settings could not import without TensorFlow; a test compares them.
ALIGNMENTS = ("auto", "none", "translation", "rigid", "similarity", "affine")
SIMILARITIES = ("auto", "mse", "ncc", "lncc", "mind")
EFFORTS = ("fast", "default", "best")


@dataclasses.dataclass(frozen=True)
class TeacherSettings:
    """Whose fields a network learns to find: those that `dirv_tf.register` finds for the pairs, in place of known ones.

    Every pair is registered once, before the training, and its field written to `folder`: a stopped command goes on
    with it, and other runs with the same pairs and the same teacher read it. `model`, `optimize`, `effort`,
    `similarity` and `align` are the arguments of `register`; `model` is the name of a shipped network, or the path of a
    run's folder or weights.npz (with a slash, or ending in .npz).

    The same pairs come again after `training.distinct_epochs`, here by default after the first. Pairs with known fields
    are tested by these, others by the teacher's. With `processes`, so many batches are registered at a time.
    """

    folder: str = setting(text())
    model: str | None = setting(text(), default=None)
    optimize: bool | None = setting(optional(boolean()), default=None)
    effort: str = setting(one_of(*EFFORTS), default="default")
    similarity: str = setting(one_of(*SIMILARITIES), default="auto")
    align: str | None = setting(one_of(*ALIGNMENTS), default=None)
    processes: int = setting(integer(1, 1000), default=1)

    @property
    def options(self) -> dict[str, Any]:
        """The arguments of `register`, without the model."""
        return {key: getattr(self, key) for key in ("optimize", "effort", "similarity", "align")}

    def description(self) -> str:
        """Return the teacher in a few words."""
        default = TeacherSettings("-").options
        changed = [f"{key}={value}" for key, value in self.options.items() if value != default[key]]
        return ", ".join([self.model or "register", *changed])


def check_teacher(config: Any, losses: list[str]) -> None:
    """Refuse a teacher where nothing is learned from its fields, or no one process could wait for them.

    Parameters
    ----------
    config : RunConfig
    losses : list of str
        Of all stages.

    Raises
    ------
    ConfigError
    """
    if config.training.teacher is None:
        return
    if config.model.task != "registration" or set(losses) <= set(WITHOUT_FIELDS):
        raise ConfigError(
            "'training.teacher' must be left out unless a loss learns from fields, such as displacement. "
            f"Received: training.loss={', '.join(losses) or 'no term own'}, 'model.kind' {config.model.kind}"
        )
    if config.training.distribution.kind == "multi_worker":
        raise ConfigError(
            "'training.teacher' must be left out where 'training.distribution.kind' is multi_worker: its fields are "
            "found by one command. Received: training.distribution.kind=multi_worker"
        )
