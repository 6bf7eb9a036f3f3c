"""`dirv-tf register`."""

import json

import numpy as np
import tifffile

from dirv_tf.cli.main import main
from dirv_tf.io import load_image, read_flow_field
from dirv_tf.registration import register


def run(*arguments):
    return main(["register", "fixed.png", "moving.png", "-o", "result", "--model", "model", *arguments])


def test_the_folder_holds_what_the_function_returns(pair, model, inside, capsys):
    assert run() == 0
    expected = register(*pair, model)
    result = inside / "result"
    np.testing.assert_array_equal(load_image(result / "registered.png").pixels, expected.registered)
    np.testing.assert_allclose(read_flow_field(result / "flow_field.npz").flow_field, expected.flow_field, atol=1e-6)
    measured = json.loads((result / "metrics.json").read_text(encoding="utf-8"))["metrics"]
    assert measured["difference_after"] == expected.metrics()["difference_after"]
    assert (result / "registration.png").stat().st_size > 10_000
    text = capsys.readouterr().out
    assert "24 x 32 pixels" in text and "mean |difference|" in text and "flow_field.npz" in text


def test_options_reach_the_function(pair, model, inside, capsys):
    assert run("--refine", "2", "--normalize", "joint", "--pixel-size", "0.5", "--field-format", "mha") == 0
    assert "rounds" in capsys.readouterr().out
    assert read_flow_field(inside / "result" / "flow_field.mha").fixed_geometry.pixel_size == (0.5, 0.5)


def test_a_channel_for_both_or_for_each(pair, model, inside, capsys):
    for name, image in zip(("fixed.tif", "moving.tif"), pair):
        tifffile.imwrite(name, np.stack([image, 255 - image]), imagej=True, metadata={"axes": "CYX"})
    register_tif = ["register", "fixed.tif", "moving.tif", "--model", "model", "-o"]
    assert main([*register_tif, "one", "--channel", "0"]) == 0
    assert "moving: channel 0 of 2 was taken" in capsys.readouterr().out
    assert run() == 0
    fields = [read_flow_field(inside / folder / "flow_field.npz").flow_field for folder in ("one", "result")]
    np.testing.assert_array_equal(*fields)
    assert main(["register", "fixed.png", "moving.tif", "--model", "model", "-o", "two", "--channel", "none", "1"]) == 0
    assert "moving: channel 1 of 2 was taken" in capsys.readouterr().out
    assert main([*register_tif, "three"]) == 1
    assert "--channel: 0, 1. Received: no channel, path=fixed.tif" in capsys.readouterr().err
    assert main([*register_tif, "three", "--channel", "0", "1", "2"]) == 1
    assert "one channel for both images or two" in capsys.readouterr().err
    assert main([*register_tif, "three", "--channel", "0", "--time", "4"]) == 1
    assert "--time: 0. Received: time='4'" in capsys.readouterr().err


def test_results_are_kept_unless_told_otherwise(pair, model, inside, capsys):
    assert run() == 0
    (inside / "result" / "notes.txt").write_text("mine", encoding="utf-8")
    before = (inside / "result" / "metrics.json").read_bytes()
    assert run() == 1
    assert "Expected a new or empty folder" in capsys.readouterr().err
    assert (inside / "result" / "metrics.json").read_bytes() == before
    assert run("--overwrite") == 0
    assert (inside / "result" / "notes.txt").read_text(encoding="utf-8") == "mine"


def test_bad_input_is_one_line_and_leaves_nothing(pair, model, inside, capsys):
    (inside / "moving.png").write_bytes((inside / "moving.png").read_bytes()[:100])
    assert run() == 1
    error = capsys.readouterr().err
    assert error.startswith("error: ") and "moving.png" in error and error.count("\n") == 1
    assert not (inside / "result").exists()
    assert main(["register", "fixed.png", "nowhere.png", "-o", "result"]) == 1
    assert "nowhere.png" in capsys.readouterr().err
