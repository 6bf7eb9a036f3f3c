"""Shipped weights that are as they were trained pass; any other file, card or record is found out."""

import json
import shutil

import pytest

from dirv_tf.io.atomic_write import write_json
from dirv_tf.models.weight_files import load_weights_file, read_card, save_weights_file
from experiments.reproduction.finished_run import find_run
from experiments.verify import main

pytestmark = pytest.mark.usefixtures("untraced")


@pytest.fixture
def copy(finished_run, tmp_path):
    """A copy of the finished run that a test may spoil."""
    shutil.copytree(finished_run.path, tmp_path / "run")
    return tmp_path / "run"


def test_whole_weights_pass_on_few_pairs_and_on_all(finished_run, capsys):
    for arguments, pairs in (([], "4"), (["--all"], "8")):
        assert main([str(finished_run.path), *arguments]) == 0
        lines = capsys.readouterr().out.splitlines()
        name, checksum, count, figure, recorded, _, measured, _, state = lines[-1].split()
        assert (name, checksum, count, state) == (finished_run.path.name, "ok", pairs, "ok")
        expected = find_run(finished_run.path).recorded(int(count))[figure]
        assert float(recorded) == pytest.approx(expected, abs=0.005)
        assert float(measured) == pytest.approx(expected, abs=0.06)


def test_other_weights_are_found_out(copy, capsys):
    network, card = load_weights_file(copy), read_card(copy)
    step_size = network.pyramid_levels[0].variational_units[0].step_size
    step_size.assign(1.5 * step_size + 1.0)
    save_weights_file(network, copy, card)
    assert main([str(copy)]) == 1
    output = capsys.readouterr()
    assert "run: DIFFERS: dl_" in output.out and "points, 0.05 allowed" in output.out
    assert "git checkout -- dirv_tf/weights/NAME" in output.err


def test_a_damaged_file_is_found_out_by_its_checksum(copy, capsys):
    content = bytearray((copy / "weights.npz").read_bytes())
    content[len(content) // 2] ^= 1
    (copy / "weights.npz").write_bytes(content)
    assert main([str(copy)]) == 1
    assert "SHA-256" in capsys.readouterr().out


def test_a_card_of_other_metrics_is_found_out(copy, capsys):
    card = json.loads((copy / "weights.json").read_text(encoding="utf-8"))
    card["metrics"]["dl_dis"] += 1e-3
    write_json(copy / "weights.json", card)
    assert main([str(copy)]) == 1
    assert "the card has other metrics than the record" in capsys.readouterr().out


def test_what_cannot_be_compared_is_no_success(finished_run, capsys):
    assert main([str(finished_run.path), "--pairs", "3"]) == 2
    assert "not tested: no record of 3 pairs; --all tests 8" in capsys.readouterr().out


def test_unknown_networks_are_refused(capsys):
    assert main(["A-99"]) == 2
    assert "Received: run=A-99" in capsys.readouterr().err
