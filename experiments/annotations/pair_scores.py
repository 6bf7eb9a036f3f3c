"""Dice coefficients of single pairs, by a trained network that is applied once, and twice."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import tensorflow as tf

from dirv_tf import geometry, metrics
from dirv_tf.datasets import from_pairs
from dirv_tf.datasets.pair_table import read_pair_table
from dirv_tf.models import load_weights_file
from dirv_tf.training.config.pairs_settings import PairsSettings
from experiments.annotations.members import person_of


def pair_scores(
    weights: Path, table: Path, data: PairsSettings, labels: Sequence[int], twice: bool = True
) -> list[dict]:
    """Measure every pair of a table.

    Parameters
    ----------
    weights : Path
        Of a trained network.
    table : Path
        Pairs with labels.
    data : PairsSettings
        The size that volumes are padded to, and their normalization: those of the training.
    labels : sequence of int
        Those that are measured, also where the network was trained with some of them alone.
    twice : bool
        Whether the network is also applied to what it registered.

    Returns
    -------
    list of dict
        By pair: the names of both files, and for the pair as it is ("before"), the network applied once, and applied
        again to what it registered ("twice"; both fields are composed, and the moving labels warped once), the Dice
        coefficient of each of `labels`; "folded_percent" of the first field.
    """
    network, found = load_weights_file(weights), []

    @tf.function(reduce_retracing=True)
    def fields(fixed, moving):
        once = network((fixed, moving))["flow_field"]
        if not twice:
            return {"once": once}
        again = network((fixed, geometry.warp_image(moving, once)))["flow_field"]
        return {"once": once, "twice": geometry.compose(once, again)}

    for row in read_pair_table(table):
        files = {key: getattr(row, key) for key in ("fixed", "moving", "fixed_labels", "moving_labels")}
        pair = from_pairs(
            [files], size=data.size, pad=data.pad, batch_size=1, normalization=data.normalization, labels=labels
        )
        (fixed, moving), targets = pair.frozen_batch()
        scores = {"fixed": row.fixed.name, "moving": row.moving.name}
        by_name = fields(fixed, moving)
        for name, field in by_name.items():
            metric = metrics.LabelScores(labels)
            metric.update_state(targets, {"flow_field": field})
            measured = metric.result()
            scores["before"] = [round(float(measured[f"dice_before_label{label}"]), 4) for label in labels]
            scores[name] = [round(float(measured[f"dice_label{label}"]), 4) for label in labels]
        folded = metrics.folded_percent(by_name["once"])[0]
        found.append({**scores, "folded_percent": round(float(folded), 4)})
    return found


def mean_dice(pairs: list[dict], name: str, person: str | None = None) -> float:
    """Return the mean Dice coefficient of all pairs, or of those that a person is in, over both labels."""
    def is_in(pair):
        return person is None or person in (person_of(pair["fixed"]), person_of(pair["moving"]))

    return float(np.mean([pair[name] for pair in pairs if is_in(pair)]))
