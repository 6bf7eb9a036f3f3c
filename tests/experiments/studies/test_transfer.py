import json

import pytest

from dirv_tf.models import DIRVNet, save_weights_file
from experiments.studies.transfer import main

SMALL = ["--set=data.test_images=4", "--set=data.size=[32,32]", "--set=evaluation.batch_size=4"]


def test_weights_of_one_run_on_the_pairs_of_another(tmp_path, capsys):
    model = DIRVNet(rank=2, levels=1, units=1, experts=2)
    # A unit that does not step leaves all of the error.
    model.pyramid_levels[0].variational_units[0].step_size.assign(0.0)
    save_weights_file(model, tmp_path / "still")
    assert main([str(tmp_path / "still"), "B-2", *SMALL, "--output", str(tmp_path / "out")]) == 0
    metrics = json.loads((tmp_path / "out" / "metrics.json").read_text(encoding="utf-8"))
    assert (metrics["run"], metrics["test_images"], metrics["parameters"]) == ("B-2", 4, model.count_params())
    assert metrics["test"]["dl_dis_finest"] == 0 and metrics["test"]["l_dis_finest"] > 0.05
    assert json.loads((tmp_path / "out" / "run.json").read_text(encoding="utf-8"))["weights_of"] == "still"
    said = capsys.readouterr().out
    assert "Weights of still on the test pairs of B-2" in said and "test of 4 unseen pairs" in said


@pytest.mark.parametrize(
    "arguments, message",
    [
        (["A-6", "F-1"], "images of 2 axes"),
        (["A-6", "B-9"], "There is no run 'B-9'"),
        (["nowhere", "B-2"], "Expected a weights card"),
    ],
)
def test_what_does_not_fit_is_said_and_nothing_is_written(arguments, message, tmp_path, capsys):
    assert main([*arguments, "--output", str(tmp_path / "out")]) == 2
    assert message in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
