"""The terms of a loss: what is added up where a run trains with labels, landmarks or masks."""

from __future__ import annotations

import dataclasses
from typing import ClassVar

from dirv_tf.training.config.training_stages import SIMILARITIES
from dirv_tf.validation import ConfigError, number, one_of, setting

_WEIGHT = number(above=0)


@dataclasses.dataclass(frozen=True)
class OwnTerm:
    """What `training.loss` says: with `unsupervised`, the loss that the network's family was published with."""

    needs: ClassVar[str | None] = None

    kind: str = setting(one_of("own"), default="own")
    weight: float = setting(_WEIGHT, default=1.0)


@dataclasses.dataclass(frozen=True)
class LabelsTerm:
    """How far the warped labels are from those of the fixed image; see `dirv_tf.losses.LabelLoss`."""

    needs: ClassVar[str | None] = "labels"

    kind: str = setting(one_of("labels"), default="labels")
    weight: float = setting(_WEIGHT, default=1.0)
    measure: str = setting(one_of("dice", "mse"), default="dice")


@dataclasses.dataclass(frozen=True)
class BoxesTerm:
    """How far the warped bounding boxes of the labels are from those of the fixed image, for labels drawn roughly."""

    needs: ClassVar[str | None] = "labels"

    kind: str = setting(one_of("boxes"), default="boxes")
    weight: float = setting(_WEIGHT, default=1.0)
    measure: str = setting(one_of("dice", "mse"), default="mse")


@dataclasses.dataclass(frozen=True)
class LandmarksTerm:
    """How far the landmarks are from where the field takes them; see `dirv_tf.losses.LandmarkLoss`."""

    needs: ClassVar[str | None] = "landmarks"

    kind: str = setting(one_of("landmarks"), default="landmarks")
    weight: float = setting(_WEIGHT, default=1.0)


@dataclasses.dataclass(frozen=True)
class MaskedTerm:
    """How unlike the images are within the masks of the fixed ones; see `dirv_tf.losses.MaskedLoss`."""

    needs: ClassVar[str | None] = "mask"

    kind: str = setting(one_of("masked"), default="masked")
    weight: float = setting(_WEIGHT, default=1.0)
    similarity: str = setting(one_of(*SIMILARITIES), default="mse")


@dataclasses.dataclass(frozen=True)
class CounterpartTerm:
    """How unlike the images are outside the mask that a network predicts; see `dirv_tf.losses.CounterpartLoss`.

    Added to it are `volume` times the share of the image that the mask covers, `perimeter` times the length of its
    border per pixel, and `supervision` times its cross-entropy with the pasted lesions, of pairs with `data.lesions`.
    """

    kind: str = setting(one_of("counterpart"), default="counterpart")
    weight: float = setting(_WEIGHT, default=1.0)
    similarity: str = setting(one_of(*SIMILARITIES), default="mse")
    volume: float = setting(number(low=0), default=0.01)
    perimeter: float = setting(number(low=0), default=0.01)
    supervision: float = setting(number(low=0), default=0.0)

    @property
    def needs(self) -> str | None:
        """What must be drawn on the images."""
        return "lesion" if self.supervision else None


@dataclasses.dataclass(frozen=True)
class SmoothnessTerm:
    """How rough the field is; see `dirv_tf.losses.SmoothnessLoss`. The own term of a family has such a part already."""

    needs: ClassVar[str | None] = None

    kind: str = setting(one_of("smoothness"), default="smoothness")
    weight: float = setting(_WEIGHT, default=1.0)
    regularizer: str = setting(one_of("diffusion", "total_variation", "bending"), default="diffusion")


_DEFAULT_LOSS = "displacement"
TERM_KINDS = {
    "own": OwnTerm,
    "labels": LabelsTerm,
    "boxes": BoxesTerm,
    "landmarks": LandmarksTerm,
    "masked": MaskedTerm,
    "counterpart": CounterpartTerm,
    "smoothness": SmoothnessTerm,
}


def check_terms(terms):
    """Raise a ConfigError for a list of terms that is empty, or has the own loss twice."""
    kinds = [term.kind for term in terms]
    if not kinds or kinds.count("own") > 1:
        raise ConfigError(
            "'training.terms' must be at least one term, and 'own' at most once; leave it out for the loss alone. "
            f"Received: {', '.join(kinds) or 'none'}"
        )


def check_counterpart(terms, model):
    """Raise a ConfigError for a term of a mask that the network does not predict and nobody draws."""
    blind = [term for term in terms or () if term.kind == "counterpart" and not term.supervision]
    if blind and not model.has_mask:
        raise ConfigError(
            "'training.terms' of the kind counterpart needs a network that predicts a mask, of 'model.kind' "
            "counterpart, or a supervision above 0 by pasted lesions. Received: supervision=0, 'model.kind' "
            f"{model.kind}"
        )


def own_loss_name(loss, terms, stages):
    """Return the name of the loss that a training has or takes as its term `own`; None where it has no such term.

    Parameters
    ----------
    loss : str or None
        `training.loss`; None where it is left out.
    terms : sequence of settings or None
    stages : sequence of settings or None
        `training.stages`, which may name losses of their own.

    Raises
    ------
    ConfigError
        If a loss is named that no term would be.
    """
    if has_own_loss(terms):
        return _DEFAULT_LOSS if loss is None else loss
    named = [("training.loss", loss), *(("training.stages.loss", stage.loss) for stage in stages or ())]
    for key, value in named:
        if value is not None:
            raise ConfigError(
                f"'{key}' must be left out where 'training.terms' are without the kind own, which would be that loss. "
                f"Received: {key}={value}, 'training.terms' of the kinds {', '.join(term.kind for term in terms)}"
            )
    return None


def has_own_loss(terms):
    """Return whether the loss that `training.loss` names is used: without terms, or as one of them."""
    return terms is None or any(term.kind == "own" for term in terms)
