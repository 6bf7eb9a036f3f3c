"""`dirv-tf register`."""

import dataclasses
import json

import numpy as np
import pytest
import tifffile

from dirv_tf.cli.main import main
from dirv_tf.cli.register_pairs_command import UNCERTAINTY_MODEL
from dirv_tf.io import load_image, read_flow_field
from dirv_tf.registration import RegistrationResult, load_result, register
from dirv_tf.registration.results.uncertainty import DEFAULT_NETWORKS


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


def test_an_image_that_uncertainty_took_as_its_network_is_named(pair, model, inside, capsys):
    assert UNCERTAINTY_MODEL == DEFAULT_NETWORKS[2]
    behind = "Received: moving.png, and --uncertainty fixed.png, which takes what stands behind it as its network"
    assert main(["register", "--uncertainty", "fixed.png", "moving.png", "-o", "result"]) == 2
    assert behind in capsys.readouterr().err
    assert main(["register", "fixed.png", "--uncertainty", "-o", "result"]) == 2
    assert capsys.readouterr().err.endswith("Received: fixed.png\n")
    assert run("--uncertainty") == 0


def _not_finite(result, network):
    return dataclasses.replace(result, standard_deviation=np.full((24, 32, 2), np.nan))


def _ends_with(error):
    def judge(result, network):
        raise error

    return judge


@pytest.mark.parametrize(
    ("judge", "status", "said"),
    [
        (_ends_with(ValueError("too flat")), 1, "error: too flat"),
        (_ends_with(MemoryError("too large")), 1, "error: too large"),
        (_ends_with(KeyboardInterrupt()), 130, "Stopped."),
        (_not_finite, 1, "standard_deviation"),
    ],
    ids=["value", "memory", "stopped", "not to be written"],
)
def test_whatever_ends_the_judging_the_registration_is_saved(
    pair, model, inside, capsys, monkeypatch, judge, status, said
):
    monkeypatch.setattr(RegistrationResult, "with_uncertainty", judge)
    assert run("--uncertainty") == status
    text = capsys.readouterr()
    assert said in text.err and "The registration, without its uncertainty, is in result" in text.out
    result = load_result(inside / "result")
    np.testing.assert_allclose(result.flow_field, register(*pair, model).flow_field, atol=1e-6)
    assert result.standard_deviation is None and not list((inside / "result").glob("uncertainty.*"))


def test_a_mistake_of_the_program_while_judging_loses_nothing_either(pair, model, inside, monkeypatch):
    monkeypatch.setattr(RegistrationResult, "with_uncertainty", _ends_with(RuntimeError("a mistake")))
    with pytest.raises(RuntimeError, match="a mistake"):
        run("--uncertainty")
    assert load_result(inside / "result").size == (24, 32)
