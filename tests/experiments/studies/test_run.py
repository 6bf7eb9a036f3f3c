"""A whole study in the small: trained, tested on other pairs, shared, kept, and written down."""

import json

import pytest

from dirv_tf.training.execution.staged_training import StagedTraining
from dirv_tf.validation import ConfigError
from experiments.studies.__main__ import main
from experiments.studies.member_run import carry_out
from experiments.studies.run import carry_out_study
from experiments.studies.study import Member, Study

TINY = {"data.train_images": 4, "data.test_images": 4, "training.batch_size": 2, "training.epochs": 1}
TINY.update({"data.size": [16, 16], "model.units": 1, "model.experts": 2})
PLAIN = Member("plain", "As it is", "A-6")
OTHER = Member("exchanged", "Components exchanged", "A-6", deviations=("component-order",))
MOVED = Member("moved", "Its weights on affine pairs", "A-6", {"data.transform": "affine"}, weights_of="plain")
STUDY = Study("tiny", "A tiny study", "Does it run?", "plain", (PLAIN, MOVED))


@pytest.fixture(scope="module")
def done(tmp_path_factory, without_tracing):
    folder, lines = tmp_path_factory.mktemp("study"), []
    with pytest.MonkeyPatch.context() as patch, without_tracing():
        # To measure steps before takes longer than this training.
        patch.setattr(StagedTraining, "say_expected_time", lambda *_: None)
        return folder, carry_out_study(STUDY, "quick", folder, TINY, lines.append), lines


def test_the_result_holds_a_row_per_member_with_its_record(done):
    folder, result, _ = done
    assert json.loads((folder / "tiny.json").read_text(encoding="utf-8")) == result
    assert [row["name"] for row in result["members"]] == ["plain", "moved"]
    for row in result["members"]:
        metrics = json.loads((folder / row["record"] / "metrics.json").read_text(encoding="utf-8"))
        assert row["dl_dis_finest"] == pytest.approx(metrics["test"]["dl_dis_finest"], abs=0.005)
    assert [row["steps"] for row in result["members"]] == [2, None]
    assert (folder / "tiny.png").stat().st_size > 5000


def test_the_record_says_what_was_changed(done):
    folder, *_ = done
    record = json.loads((folder / "members/plain/run.json").read_text(encoding="utf-8"))
    assert record["deviations"] == [] and record["state"] == "finished"
    record = json.loads((folder / "members/moved/run.json").read_text(encoding="utf-8"))
    assert record["weights_of"] == "plain"


def test_a_member_s_deviations_reach_the_network_that_is_trained(monkeypatch, tmp_path):
    class Reached(Exception):
        pass

    def execute(config, run, tensorboard, report, build):
        raise Reached(build(config).deviations)

    monkeypatch.setattr("experiments.studies.member_run.execute", execute)
    with pytest.raises(Reached, match="component-order"):
        carry_out(OTHER, "quick", tmp_path, TINY, print)


def test_finished_members_are_kept(done):
    folder, result, _ = done
    before = (folder / "members/plain/run.json").stat().st_mtime_ns, result["members"]
    lines = []
    again = carry_out_study(STUDY, "quick", folder, TINY, lines.append)
    assert again["members"] == before[1]
    assert sum("finished before" in line for line in lines) == 2
    assert not any("epoch" in line for line in lines)


def test_what_is_finished_is_tabled_without_training(done):
    folder, _result, _ = done
    study = Study("part", "A study half done", "And now?", "plain", (OTHER, MOVED, PLAIN))
    part = carry_out_study(study, "quick", folder, TINY, lambda line: None, train=False)
    assert [row["name"] for row in part["members"]] == ["moved", "plain"]
    assert part["missing"] == ["exchanged"] and not (folder / "members" / "exchanged").exists()


def test_without_a_finished_reference_there_is_no_table(tmp_path):
    with pytest.raises(ConfigError, match="at least a finished run of 'plain'"):
        carry_out_study(STUDY, "quick", tmp_path, TINY, lambda line: None, train=False)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "member, overrides",
    [(PLAIN, {**TINY, "training.epochs": 2}), (Member("plain", "x", "A-6", deviations=("component-order",)), TINY)],
)
def test_a_finished_run_of_other_settings_is_refused(done, member, overrides):
    with pytest.raises(ConfigError, match="a run of 'plain' with the settings asked for"):
        carry_out(member, "quick", done[0] / "members", overrides, print)


def test_weights_to_test_must_be_there(tmp_path):
    with pytest.raises(ConfigError, match="whose weights are to be tested. Received: .*plain"):
        carry_out(MOVED, "quick", tmp_path, TINY, print)
    assert not list(tmp_path.iterdir())


def test_the_list_trains_nothing(capsys, tmp_path):
    assert main(["--list", "-o", str(tmp_path / "out")]) == 0
    assert "grid-mismatch" in capsys.readouterr().out
    assert not (tmp_path / "out").exists()


def test_of_all_studies_those_without_the_scale_are_left_out(capsys, tmp_path):
    assert main(["--list", "--scale", "full", "-o", str(tmp_path / "out")]) == 0
    listed = capsys.readouterr().out
    assert "grid-mismatch" in listed and "separate-then-joined" not in listed
    assert main(["--list", "outlook", "--scale", "full", "-o", str(tmp_path / "out")]) == 2
    assert "a scale that the study of 'one-level' has: quick. Received: scale=full" in capsys.readouterr().err


def test_an_unknown_study_ends_the_command_before_anything_starts(capsys, tmp_path):
    assert main(["deviation", "-o", str(tmp_path / "out")]) == 2
    assert "Known studies" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
