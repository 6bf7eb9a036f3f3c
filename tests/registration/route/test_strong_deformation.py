"""A repeated pattern under a strong deformation: alignment alone would take it to another place."""

import numpy as np

import dirv_tf
from experiments.comparison.families.pair_sets import SETS, draw


def test_a_repeated_pattern_that_looks_unlike_itself_stays_where_it_is():
    boards = next(each for each in SETS if each.name == "chessboards-64")
    pairs = draw(boards, 5, seed=778)
    fixed, moving, true = (np.asarray(each)[4] for each in (pairs.fixed, pairs.moving, pairs.flow_field))
    result = dirv_tf.register(np.squeeze(fixed), np.squeeze(moving), normalize="type")
    # An alignment finds them more alike 48 pixels off.
    assert any("no alignment was kept" in note for note in result.notes)
    assert np.linalg.norm(result.flow_field - true, axis=-1).mean() < 0.5
