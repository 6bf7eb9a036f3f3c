"""A run tested again agrees with its record; a falsified record is found out."""

import json
import re
import shutil

import pytest

from dirv_tf.io.atomic_write import write_json
from dirv_tf.models.pretrained import pretrained_names
from dirv_tf.training.execution.weights_card import weights_card
from experiments.evaluate import main
from experiments.folders import RECORDS
from experiments.reproduction import finished_run as module
from experiments.reproduction.finished_run import find_run
from experiments.reproduction.thesis_table import thesis_reference

pytestmark = pytest.mark.usefixtures("untraced")


@pytest.fixture
def copy(finished_run, tmp_path):
    """A copy of the finished run that a test may spoil."""
    shutil.copytree(finished_run.path, tmp_path / "run")
    return tmp_path / "run"


def test_all_pairs_agree_with_the_record(finished_run, capsys):
    assert main([str(finished_run.path)]) == 0
    output = capsys.readouterr().out
    assert "8 unseen pairs" in output and "Agrees with the record" in output
    (reference,) = [line for line in output.splitlines() if line.startswith("thesis")]
    assert "85.40" in reference and "80.40" in reference


def test_pairs_of_the_last_epoch_agree_with_the_history(finished_run, capsys):
    assert main([str(finished_run.path), "--pairs", "4"]) == 0
    assert "4 unseen pairs" in capsys.readouterr().out


def test_a_falsified_record_is_found_out(copy, capsys):
    record = json.loads((copy / "metrics.json").read_text(encoding="utf-8"))
    record["test"]["dl_dis_finest"] += 0.2
    write_json(copy / "metrics.json", record)
    assert main([str(copy)]) == 1
    assert "DOES NOT AGREE with the record: largest difference 0.2" in capsys.readouterr().out


def test_other_numbers_of_pairs_are_not_judged(finished_run, monkeypatch, capsys):
    monkeypatch.setattr(module, "repeat_test", lambda run, pairs: ({"dl_int": 3.0, "dl_dis": 2.0}, pairs, 1.0))
    assert main([str(finished_run.path), "--pairs", "3"]) == 0
    assert "Not judged" in capsys.readouterr().out


def test_damaged_weights_are_refused(copy, capsys):
    content = (copy / "weights.npz").read_bytes()
    (copy / "weights.npz").write_bytes(content[: len(content) // 2])
    assert main([str(copy)]) == 1
    assert "SHA-256" in capsys.readouterr().err


def test_weights_of_another_network_are_refused(finished_run, capsys):
    assert main(["A-6", "--weights", str(finished_run.path)]) == 1
    assert "experts, kernel_sizes, knots, units differ" in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments, message",
    [
        (["A-99"], "Expected a run that has been carried out: A-1, .*A-6, .*Received: run=A-99"),
        ([], "Expected a run that has been carried out: A-1, .*A-6, "),
    ],
)
def test_what_there_is_is_said(arguments, message, capsys):
    assert main(arguments) == 2
    assert re.search(message, capsys.readouterr().err)


def test_every_shipped_model_has_its_record():
    for name in pretrained_names(task=None):
        run = find_run(name)
        card = json.loads((run.weights / "weights.json").read_text(encoding="utf-8"))
        assert run.folder.path == RECORDS / name
        test = json.loads(run.folder.metrics_json.read_text(encoding="utf-8"))
        assert run.recorded(test["test_images"]) == test["test"] == card["metrics"], name
        assert run.reference() == card["reference"] == thesis_reference(run.config.name), name
        expected = json.loads(json.dumps(weights_card(run.config, card["metrics"], card["reference"], {})))
        assert (card["run"], card["preset"]) == (expected["run"], expected["preset"])
        for part in ("data", "training", "seeds", "evaluation", "input"):
            assert completed(card[part], expected[part]) == expected[part], (name, part)


def completed(stated, expected):
    """Settings that came later are on no older card; their defaults are what the run did."""
    if isinstance(stated, dict) and isinstance(expected, dict):
        return {**expected, **{key: completed(value, expected.get(key)) for key, value in stated.items()}}
    if isinstance(stated, list) and isinstance(expected, list) and len(stated) == len(expected):
        return [completed(*each) for each in zip(stated, expected)]
    return stated


def test_a_name_without_hyphen_is_understood():
    assert find_run("A6").name == "A-6"
