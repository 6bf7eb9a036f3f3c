"""By which measure a network was trained to bring images closer to each other."""

from __future__ import annotations

from typing import Any

from dirv_tf.losses.unsupervised import SIMILARITIES
from dirv_tf.models.registry import settings_class

# Pairs whose fixed image is a warped copy of the moving one: their intensities are equal where they fit, or their
# structures where one of the images changes its appearance.
_WARPED_COPIES = ("chessboard", "shapes", "folder", "mixture")


def own_similarity(kind: str, loss: Any, card: dict[str, Any] | None) -> str | None:
    """Return the measure that a network was trained to lower.

    Parameters
    ----------
    kind : str
        Of the network, for what its family compares where the card leaves that open.
    loss : callable or None
        That the network was compiled with; it goes before the card.
    card : dict or None
        Of its weights.

    Returns
    -------
    str or None
        As `dirv_tf.losses.image_dissimilarity` takes it. "mse" also for networks that were trained by true fields
        between an image and its warped copy, and "mind" where one of the two changed its appearance. None: nobody
        knows.
    """
    if loss is not None:
        return _known(getattr(loss, "similarity", None))
    training, data = ((card or {}).get(key) or {} for key in ("training", "data"))
    stages = training.get("stages") or [{}]
    terms = training.get("terms")
    if terms and not any(term.get("kind") == "own" for term in terms):
        comparing = (term for term in terms if term.get("kind") in ("masked", "counterpart"))
        return _known(next((term["similarity"] for term in comparing), None))
    last = {**training, **{key: value for key, value in stages[-1].items() if value is not None}}
    if last.get("loss") == "unsupervised":
        return _known(last.get("similarity") or settings_class(kind).unsupervised_loss.get("similarity"))
    if last.get("loss") in ("intensity", "combined"):
        return "mse"
    return _of_warped_copies(data) if last.get("loss") == "displacement" else None


def _of_warped_copies(data):
    if data.get("kind") not in _WARPED_COPIES:
        return None
    sections = (data, *(data.get("parts") or ()))
    return "mind" if any(each.get("change_appearance") for each in sections) else "mse"


def _known(similarity):
    return similarity if similarity in SIMILARITIES else None
