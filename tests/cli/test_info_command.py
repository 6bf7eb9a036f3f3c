"""`dirv-tf info`."""

import json

import tensorflow as tf

from dirv_tf.cli.main import main
from dirv_tf.models.pretrained import pretrained_names


def test_versions_devices_and_models(capsys):
    assert main(["info"]) == 0
    text = capsys.readouterr().out
    assert f"tensorflow  {tf.__version__}" in text
    for name in pretrained_names(task=None):
        assert f"\n  {name} " in text
    for name, images in [("A-6", "64×64 chessboards"), ("best-3d", "32×32×32 chessboards and shapes"), ("E-1-quick", "images")]:
        (line,) = (line for line in text.splitlines() if line.startswith(f"  {name} "))
        assert f"{images}  ΔL_int" in line


def test_json_for_scripts(capsys):
    assert main(["info", "--json"]) == 0
    content = json.loads(capsys.readouterr().out)
    assert content["versions"]["tensorflow"] == tf.__version__
    assert set(content["models"]) == set(pretrained_names(task=None))


def test_the_card_of_one_model(capsys):
    assert main(["info", "A-6"]) == 0
    text = capsys.readouterr().out
    assert "parameters                 28735" in text and "sha256" in text
    assert main(["info", "A-6", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["parameters"] == 28735


def test_an_unknown_model(capsys, tmp_path):
    assert main(["info", str(tmp_path)]) == 1
    assert "Expected a weights card" in capsys.readouterr().err
