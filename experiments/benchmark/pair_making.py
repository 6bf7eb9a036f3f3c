"""How fast training pairs are made."""

from __future__ import annotations

from dirv_tf.datasets import ChessboardPairs
from experiments.benchmark.networks import SEED
from experiments.benchmark.rows import Row
from experiments.benchmark.timing import measure_by_turns, spread

SECTION = "pairs made"
# Per call, so that a batch made ahead of time weighs little.
_BATCHES = 10
_EPOCHS = 10_000


def measure_pair_making(plan):
    """Measure the data pipeline alone, on all cores.

    Parameters
    ----------
    plan : Plan

    Returns
    -------
    list of Row
        Pairs per second.
    """
    side, batch = plan.training_side, plan.training_batch
    dataset = ChessboardPairs((side, side), _BATCHES * batch, batch, seed=SEED, frozen_last_batch=False)
    batches = iter(dataset.training(_EPOCHS))

    def make():
        for _ in range(_BATCHES):
            made = next(batches)
        return made

    seconds = measure_by_turns({"pairs": make}, min(plan.seconds, 6.0))["pairs"]
    rates = [_BATCHES * batch / second for second in seconds]
    return [Row(SECTION, f"chessboards {side}²", spread(rates), "pairs/s", note=f"in batches of {batch}")]
