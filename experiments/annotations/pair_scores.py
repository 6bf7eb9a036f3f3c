"""Dice coefficients of single pairs, by a trained network that is applied once, and twice."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from dirv_tf import geometry
from dirv_tf.datasets import from_pairs
from dirv_tf.datasets.pair_table import read_pair_table
from dirv_tf.metrics import LabelScores
from dirv_tf.models import load_weights_file

LABELS = (1, 2)


def pair_scores(weights: Path, table: Path, size) -> list[dict]:
    """Measure every pair of a table.

    Parameters
    ----------
    weights : Path
        Of a trained network.
    table : Path
        Pairs with labels.
    size : sequence of int
        That volumes are padded to.

    Returns
    -------
    list of dict
        By pair: the names of both files, and for the pair as it is ("before"), the network applied once, and applied
        again to what it registered ("twice"; both fields are composed, and the moving labels warped once), the Dice
        coefficient of each of `LABELS`; "folded_percent" of the first field.
    """
    network = load_weights_file(weights)
    found = []
    for row in read_pair_table(table):
        files = {key: getattr(row, key) for key in ("fixed", "moving", "fixed_labels", "moving_labels")}
        pair = from_pairs([files], size=size, pad=True, batch_size=1, normalization="each", labels=LABELS)
        ((fixed, moving), targets), = pair.evaluation()
        once = network((fixed, moving))["flow_field"]
        again = network((fixed, geometry.warp_image(moving, once)))["flow_field"]
        scores = {"fixed": row.fixed.name, "moving": row.moving.name}
        for name, field in (("once", once), ("twice", geometry.compose(once, again))):
            metric = LabelScores(LABELS)
            metric.update_state(targets, {"flow_field": field})
            measured = metric.result()
            scores["before"] = [round(float(measured[f"dice_before_label{label}"]), 4) for label in LABELS]
            scores[name] = [round(float(measured[f"dice_label{label}"]), 4) for label in LABELS]
        folded = np.mean(geometry.jacobian_determinant(once).numpy() <= 0)
        found.append({**scores, "folded_percent": round(100 * float(folded), 4)})
    return found


def mean_dice(pairs: list[dict], name: str, person: str | None = None) -> float:
    """Return the mean Dice coefficient of all pairs, or of those that a person is in, over both labels."""
    def is_in(pair):
        return person is None or person in (number(pair["fixed"]), number(pair["moving"]))

    return float(np.mean([pair[name] for pair in pairs if is_in(pair)]))


def number(file: str) -> str:
    """Return the number of the person in a file: "004" of "004.nii.gz" or "hippocampus_004.nii.gz"."""
    return file.split(".")[0].rpartition("_")[2]
