"""The comparison of students and their teacher: its members, its record and its page."""

import json

import numpy as np
import pytest

from dirv_tf.validation import ConfigError
from experiments.comparison.pair_sets import Pairs
from experiments.distillation import members, page, run
from experiments.distillation.__main__ import main
from experiments.distillation.members import MEMBERS, SIZES, TARGETS, member_config


def test_students_of_one_size_differ_in_what_they_learn_from_alone(tmp_path):
    common, parameters = {}, set()
    for name, member in MEMBERS.items():
        config = member_config(name, tmp_path / "teacher")
        parameters.add(config.parameters)
        mapping = config.as_mapping()
        assert mapping.pop("name") == f"student-{name}" and member.size in mapping.pop("description")
        teacher = mapping["training"].pop("teacher", None)
        assert (teacher is not None) == (member.target == "taught")
        if teacher:
            assert (teacher["model"], teacher["optimize"], teacher["folder"]) == ("best-2d", True, str(tmp_path / "teacher"))
        loss = mapping["training"].pop("loss")
        assert loss == ("unsupervised" if member.target == "unsupervised" else "displacement")
        # The same pairs in every epoch, whatever is learned.
        assert mapping["training"]["distinct_epochs"] == 1
        assert mapping == common.setdefault(member.size, mapping)
    assert sorted(parameters) == [13042, 41042, 159114] and len(MEMBERS) == len(SIZES) * len(TARGETS)


@pytest.fixture
def without_training(monkeypatch):
    """Students whose fields are known: the larger, the nearer to a shift of one pixel."""
    rng = np.random.default_rng(3)
    images = rng.random((2, 5, 16, 16, 1)).astype(np.float32)
    field = np.zeros((5, 16, 16, 2), np.float32)
    field[..., 0] = 1.0
    found = []

    def execute(config, folder, **_):
        folder.path.mkdir(parents=True)
        folder.write_config(config)
        folder.write_record(run=config.name)
        folder.metrics_json.write_text("{}")
        found.append(config.name)

    class Network:
        def __init__(self, path):
            self.share = {"small": 0.5, "medium": 0.75, "large": 1.0}[path.name.split("-")[0]]

        def count_params(self):
            return int(1000 * self.share)

    monkeypatch.setattr(run, "execute", execute)
    monkeypatch.setattr(run, "load_weights_file", Network)
    monkeypatch.setattr(run, "network_flow_field", lambda network: lambda fixed, moving: network.share * field[0])
    monkeypatch.setattr(run, "draw", lambda test, part, count: Pairs(images[0, :count], images[1, :count], field[:count]))
    monkeypatch.setattr(run, "teachers", lambda: [("teacher", "the teacher", lambda fixed, moving: 0.9 * field[0])])
    monkeypatch.setattr(run, "training_pairs", lambda config: None)
    monkeypatch.setattr(run, "find_teacher_fields", lambda config, pairs, testing, report: found.append("fields"))
    return found


def test_a_record_holds_teachers_and_students_in_one_order(tmp_path, without_training):
    found, lines = without_training, []
    record = run.compare_students(tmp_path, ["large-taught", "small-known"], 5, report=lines.append)
    # The teacher's fields are found once, before any training.
    assert found == ["fields", "student-large-taught", "student-small-known"]
    assert json.loads((tmp_path / run.RECORD).read_text()) == record
    assert [row["name"] for row in record["rows"]] == ["teacher", "large-taught", "small-known"]
    reductions = [row["tests"]["tissue-64"]["dl_dis_finest"] for row in record["rows"]]
    np.testing.assert_allclose(reductions, [90, 100, 50], atol=0.1)
    assert record["steps"] == 1800 and record["pairs"] == 5
    # What is finished is kept.
    again = run.compare_students(tmp_path, ["small-taught", "large-taught"], 5, report=lines.append)
    assert [row["name"] for row in again["rows"]] == ["teacher", "small-taught", "large-taught", "small-known"]
    assert found[3:] == ["fields", "student-small-taught"]
    assert list(run.by_size_and_target(again)) == [("small", "taught"), ("small", "known"), ("large", "taught")]
    with pytest.raises(ConfigError, match="number of pairs of the record, 5. Received: pairs=4"):
        run.compare_students(tmp_path, ["small-taught"], 4, report=lines.append)
    with pytest.raises(ConfigError, match="a run of the settings asked for"):
        run.compare_students(tmp_path, ["small-taught"], 5, {"training.epochs": 2}, lines.append)


def test_the_teachers_are_register_and_one_pass_of_its_network(monkeypatch):
    asked = []

    def register(fixed, moving, **options):
        asked.append({**options, "model": getattr(options.get("model"), "units", None)})
        return type("Result", (), {"flow_field": len(asked)})

    monkeypatch.setattr("dirv_tf.registration.register", register)
    monkeypatch.setattr("experiments.comparison.networks.network_flow_field", lambda network: lambda *pair: network.units)
    found = {name: method(None, None) for name, _, method in members.teachers()}
    assert found == {"best-2d": (6, 6, 6, 6), "teacher": 1, "register": 2}
    assert asked == [{"model": (6, 6, 6, 6), "optimize": True}, {"model": None}]


def test_the_page_shows_the_record():
    text = page.PAGE.path.read_text(encoding="utf-8")
    block = page.blocks()["distillation"]
    assert page.PAGE.written(text, {"distillation": block}) == text, "run: python -m experiments.distillation.page"
    record = json.loads((page.RECORDS / "distillation" / run.RECORD).read_text(encoding="utf-8"))
    assert len(run.by_size_and_target(record)) == len(MEMBERS)
    for row in record["rows"]:
        for measured in row["tests"].values():
            assert f"| {measured['dl_dis_finest']:.1f} | {measured['dl_int_finest']:.1f} |" in block


def test_a_wrong_command_line_is_said(tmp_path, capsys):
    with pytest.raises(SystemExit):
        main(["--members", "huge-taught"])
    assert "huge-taught" in capsys.readouterr().err
    with pytest.raises(ConfigError, match=r"Did you mean 'epochs'\?"):
        member_config("small-taught", tmp_path, {"training.epoch": 2})
