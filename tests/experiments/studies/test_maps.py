"""Fields looked at as maps: of networks whose fields are known."""

import numpy as np
import pytest
import tensorflow as tf

from experiments.studies.maps import main, maps_of


def _network(forward, exchanged):
    """Gives one field for a pair, and another one when the brighter image comes first."""

    def register(images):
        first = float(tf.reduce_mean(images[0])) < float(tf.reduce_mean(images[1]))
        return {"flow_field": tf.tile(tf.constant(forward if first else exchanged)[None], [len(images[0]), 1, 1, 1])}

    return register


PAIRS = [((tf.zeros([2, 16, 16, 1]), tf.ones([2, 16, 16, 1])), None)]


def test_a_shift_and_the_one_back_are_consistent_and_have_an_inverse():
    shift = np.broadcast_to(np.float32([1.5, -0.5]), (16, 16, 2)).copy()
    found = maps_of(_network(shift, -shift), PAIRS)
    assert (found["folded_percent"], found["there_and_back"], found["without_inverse_percent"]) == (0, 0, 0)
    assert found["longest"] == pytest.approx(np.sqrt(2.5), abs=0.01) and found["round_trip_worst"] < 1e-4
    assert 0 <= found["residual_mean"] <= found["residual_worst"] < 1e-4
    assert maps_of(_network(shift, shift), PAIRS)["there_and_back"] == pytest.approx(2 * np.sqrt(2.5), abs=1e-3)


def test_a_fold_is_counted():
    places = np.stack(np.meshgrid(*[np.arange(16) - 7.5] * 2, indexing="ij"), axis=-1)
    fold = np.float32([-3, 0]) * places * np.exp(-np.sum(places**2, axis=-1, keepdims=True) / 8)
    fold = fold.astype(np.float32)
    found = maps_of(_network(fold, fold), PAIRS)
    assert found["folded_worst"] == found["folded_percent"] > 1 and found["without_inverse_percent"] > 1


def test_of_a_network_in_stages_every_step_is_measured():
    true = tf.tile(tf.constant([2.0, 0.0])[None, None, None], [2, 16, 16, 1])

    def register(images):
        steps = tf.stack([0.5 * true[:, ::4, ::4], 0.75 * true[:, ::4, ::4]], axis=1)
        return {"flow_field": 0.75 * true, "displacement_fields": (steps,)}

    register.stages, register.spacing_per_axis = ("first", "second"), (4, 4)
    assert maps_of(register, [(PAIRS[0][0], true)] * 2)["steps"] == [50.0, 75.0]
    assert "steps" not in maps_of(_network(np.zeros((16, 16, 2), np.float32), np.zeros((16, 16, 2), np.float32)), PAIRS)


def test_without_the_study_it_says_what_to_do(tmp_path, capsys):
    assert main(["velocities", "--members", str(tmp_path), "-o", str(tmp_path / "out")]) == 1
    assert "Expected the finished study: python -m experiments.studies velocities" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
