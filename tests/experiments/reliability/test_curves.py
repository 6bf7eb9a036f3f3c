"""Curves of small trainings: the same again, nearly the same on the other stack, and a record that says so."""

import json

import numpy as np
import pytest

from dirv_tf.models.registry import _BUILT_IN, settings_class
from dirv_tf.training.execution.staged_training import StagedTraining
from experiments.folders import RECORDS
from experiments.reliability import curves
from experiments.reliability.page import curves_table

RECORD = json.loads((RECORDS / "reliability" / curves.RECORD_NAME).read_text(encoding="utf-8"))


def test_a_training_gives_the_recorded_curve_on_this_stack_too(monkeypatch):
    # To measure steps before takes longer than this training, and changes nothing.
    monkeypatch.setattr(StagedTraining, "say_expected_time", lambda *_: None)
    # Its stages, and so its steps, are the first ones of the recorded run.
    found = curves.trained("voxelmorph", 2)
    expected = {name: losses[:2] for name, losses in RECORD["stacks"][0]["families"]["voxelmorph"]["curves"].items()}
    assert curves.difference(expected, found) <= curves.TOLERANCE
    # Another curve would be told from it.
    assert abs(found["unseen"][1] / found["unseen"][0] - 1) > 10 * curves.TOLERANCE


def test_every_family_that_registers_is_trained():
    # Its own alone: what other tests have registered is no family of the package.
    known = [kind for kind in _BUILT_IN if settings_class(kind).task == "registration"]
    assert sorted(curves.CASES) == sorted(known)


def test_the_record_has_every_such_family_on_both_stacks_without_a_fault():
    assert RECORD["faults"] == [] and len(RECORD["stacks"]) == 2
    for stack in RECORD["stacks"]:
        assert list(stack["families"]) == list(curves.CASES)
        for found in stack["families"].values():
            assert found["repeated"] == 0 and len(found["curves"]["loss"]) * curves.STEPS_PER_EPOCH == RECORD["steps"]


def test_the_page_says_of_the_stacks_what_the_record_says():
    apart = {kind: curves.between_stacks(RECORD["stacks"], kind) for kind in curves.CASES}
    rounding = np.finfo(np.float32).eps
    assert [kind for kind, largest in apart.items() if largest > 2 * rounding] == ["rwcnet"]
    one, other = (np.array(stack["families"]["rwcnet"]["curves"]["loss"]) for stack in RECORD["stacks"])
    relative = np.abs(other / one - 1)
    assert relative[:5].max() < 0.1 * relative[-2:].min()


def test_stages_share_the_epochs_evenly(tmp_path, capsys):
    with pytest.raises(ValueError, match="Expected a multiple of 2, the stages of dlir. Received: epochs=5"):
        curves.compare(5, tmp_path, lambda line: None)
    with pytest.raises(SystemExit, match="2"):
        curves.main(["--epochs", "5"])
    assert "Expected an integer of at least 2, a multiple of 2. Received: 5" in capsys.readouterr().err
    losses = [6.0, 5.0, 3.0, 2.0]
    assert curves.of_the_last_stage("dlir", losses) == [3.0, 2.0]
    assert curves.of_the_last_stage("voxelmorph", losses) == losses


def test_other_curves_are_faults(tmp_path, monkeypatch):
    losses = iter([2.0, 2.0, 2.0, 2.5])
    monkeypatch.setattr(curves, "trained", lambda kind, epochs, cases: {"loss": [next(losses)], "unseen": [1.0]})
    cases = {"voxelmorph": ({}, ())}
    record = curves.compare(1, tmp_path, lambda line: None, cases)
    assert record["faults"] == [] and json.loads((tmp_path / "curves.json").read_text("utf-8")) == record
    # The other stack, whose curve is another one each time.
    record["stacks"][0]["versions"]["tensorflow"] = "2.99.0"
    record["stacks"][0]["families"]["voxelmorph"]["curves"]["loss"] = [2.1]
    (tmp_path / "curves.json").write_text(json.dumps(record), encoding="utf-8")
    record = curves.compare(1, tmp_path, lambda line: None, cases)
    assert [fault.split(": ")[1] for fault in record["faults"]] == [
        "another curve from the same seed", "other stack, other curve"
    ]
    assert "| voxelmorph | 2 | 2 | 2.5e-01 | 0 | 5.0e-02 |" in curves_table(record)


@pytest.mark.parametrize("found", [{"loss": [1.0], "unseen": [1.0]}, {"loss": [1.0, float("nan")], "unseen": [1.0]}])
def test_a_curve_of_other_epochs_or_without_numbers_differs(found):
    expected = {"loss": [1.0, 2.0], "unseen": [1.0]}
    assert not curves.difference(expected, found) <= curves.TOLERANCE
