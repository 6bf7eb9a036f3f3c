"""What is known of the pairs that a loss or metric is called on: a true flow field, annotations, or nothing.

Targets are a flow field ``(B, n_1, ..., n_r, r)``, None, or a dictionary with any of

- ``"flow_field"``: the true flow field;
- ``"labels"``: a dictionary of ``"fixed"`` and ``"moving"``, ``(B, n_1, ..., n_r, L)``: one channel per label, from 0
  to 1, the background left out;
- ``"landmarks"``: a dictionary of ``"fixed"`` and ``"moving"``, ``(B, P, r)`` in pixels, equal rows corresponding,
  ``"weights"``, ``(B, P)``, 0 for rows that only fill up, and ``"pixel_size"``, ``(B, r)``;
- ``"mask"``: ``(B, n_1, ..., n_r, 1)``, which pixels of the fixed image count, from 0 to 1;
- ``"lesion"``: ``(B, n_1, ..., n_r, 1)``, where the fixed image has no counterpart in the moving one, from 0 to 1.
"""

from __future__ import annotations

from typing import Any

from dirv_tf.losses.arguments import floating_tensor

# The entries of an annotation; None: a tensor itself.
ANNOTATIONS: dict[str, tuple[str, ...] | None] = {
    "labels": ("fixed", "moving"),
    "landmarks": ("fixed", "moving", "weights", "pixel_size"),
    "mask": None,
    "lesion": None,
}


def true_flow_field(targets: Any) -> Any:
    """Return the true flow field among the targets, or None."""
    return targets.get("flow_field") if isinstance(targets, dict) else targets


def annotation(targets: Any, key: str, user: str) -> Any:
    """Return an annotation among the targets, in single precision or better.

    Parameters
    ----------
    targets : dict
        As above.
    key : {"labels", "landmarks", "mask", "lesion"}
    user : str
        Name of the loss or metric for the message.

    Returns
    -------
    dict of tf.Tensor, or tf.Tensor

    Raises
    ------
    ValueError
        If it is not there or not whole.
    """
    found = targets.get(key) if isinstance(targets, dict) else None
    if found is None:
        received = ", ".join(map(repr, targets)) or "nothing" if isinstance(targets, dict) else type(targets).__name__
        raise ValueError(
            f"{user} needs {key!r} in the targets: train on ((fixed, moving), targets) with a dictionary. "
            f"Received: targets of {received}"
        )
    parts = ANNOTATIONS[key]
    if parts is None:
        return floating_tensor(found)
    missing = [part for part in parts if part not in found] if isinstance(found, dict) else parts
    if missing:
        raise ValueError(
            f"{user} needs {key!r} as a dictionary of {', '.join(map(repr, parts))}. "
            f"Received: {key} without {', '.join(map(repr, missing))}"
        )
    return {part: floating_tensor(found[part]) for part in parts}
