"""What is left of the errors: measures with known answers, the command on two pairs, and the page."""

import json

import numpy as np
import pytest
import tensorflow as tf

from dirv_tf import geometry
from experiments.studies.error_analysis import main
from experiments.studies.error_measures import PairMeasures, leakage
from experiments.studies.error_page import PAGE, blocks


@pytest.fixture
def images(rng):
    return tf.constant(geometry.binomial_smoothing(rng.random((3, 32, 32, 1)).astype(np.float32)))


def constant_fields(*vectors, size=(32, 32)):
    """One field per vector, the same at every pixel."""
    return tf.constant(np.broadcast_to(np.array(vectors, np.float32)[:, None, None], (len(vectors), *size, 2)).copy())


def test_half_of_every_vector_leaves_half_of_every_error(images):
    true = constant_fields((3.0, 4.0), (0.0, 2.5), (0.3, 0.4))
    fixed = geometry.warp_image(images, true)
    measures = PairMeasures()
    # In two batches, as pairs come.
    for part in (slice(0, 2), slice(2, 3)):
        measures.add(fixed[part], images[part], true[part], true[part] / 2)
    result = measures.result()
    assert result["pairs"] == 3
    network = result["relative"]["network"]
    assert [network[f"field_{kind}"] for kind in ("mean", "largest", "worst")] == pytest.approx([50.0] * 3)
    # A constant field is rebuilt from its control points, whatever the grid.
    assert result["relative"]["one grid"]["field_worst"] == pytest.approx(0, abs=1e-4)
    assert result["relative"]["two grids"]["intensity_worst"] == pytest.approx(0, abs=1e-3)
    assert [place["error"] for place in result["place"].values()] == pytest.approx([(2.5 + 1.25 + 0.25) / 3] * 3)
    assert [place["share_of_points"] for place in result["place"].values()] == pytest.approx([43.75, 31.25, 25.0])
    rows = {(row["from"], row["to"]): (row["share_of_vectors"], row["error"]) for row in result["length"]}
    third = 100 / 3
    assert rows == {
        (0.5, 1.0): pytest.approx((third, 0.25)), (2.0, 3.0): pytest.approx((third, 1.25)),
        (4.0, 6.0): pytest.approx((third, 2.5)),
    }
    before = 255 * np.abs((fixed - images).numpy()).mean(axis=(1, 2, 3))
    assert result["l_int"]["before"]["mean"] == pytest.approx(before.mean(), rel=1e-5)
    assert result["l_int"]["before"]["sd_of_pairs"] == pytest.approx(before.std(), rel=1e-4)
    within = 255 * (fixed - images).numpy().std(axis=(1, 2, 3)).mean()
    assert result["l_int"]["before"]["sd_of_pixels"] == pytest.approx(within, rel=1e-4)
    l_dis = np.array([5.0, 2.5, 0.5])
    assert result["correlation"]["before"] == pytest.approx(np.corrcoef(before, l_dis)[0, 1], rel=1e-4)


def test_errors_in_the_outermost_ring_are_found_there(images):
    true = constant_fields((1.0, 0.0), (1.0, 0.0), (1.0, 0.0))
    border = np.zeros((1, 32, 32, 2), np.float32)
    border[:, 28:, :, 1] = 2.0
    measures = PairMeasures()
    measures.add(geometry.warp_image(images, true), images, true, true + border)
    places = measures.result()["place"]
    # The last of the eight rows of control points: eight of the 28 points of the ring are 2 pixels off.
    assert places["outermost ring"]["error"] == pytest.approx(2 * 8 / 28)
    assert places["second ring"]["error"] == places["inside"]["error"] == pytest.approx(0)


def test_two_grids_lose_what_the_thesis_reports_and_one_grid_little():
    from dirv_tf.datasets import ChessboardPairs

    measures = PairMeasures()
    for (fixed, moving), true in ChessboardPairs((64, 64), count=20, batch_size=10, seed=77).evaluation():
        measures.add(fixed, moving, true, true)
    relative = measures.result()["relative"]
    assert relative["one grid"]["intensity_mean"] < 5 < 12 < relative["two grids"]["intensity_mean"] < 20
    assert relative["network"]["field_worst"] == pytest.approx(0, abs=1e-4)


def test_leakage_is_what_is_found_along_the_other_axis(images):
    fields = constant_fields((1.0, 2.0), (3.0, 1.0), (2.0, 3.0))

    def network(pair):
        # Finds all of it, and along the other axis half of the mean of a displacement of rows, none of one of columns.
        fixed, _ = pair
        calls.append(fixed)
        share = (0.5, 0.0)[len(calls) - 1]
        true = fields * tf.one_hot(len(calls) - 1, 2)
        return {"flow_field": true + share * true[..., ::-1]}

    calls = []
    assert leakage(network, fields, images) == pytest.approx([50.0, 0.0])
    np.testing.assert_allclose(calls[0], geometry.warp_image(images, fields * [1.0, 0.0]), atol=1e-6)


def test_the_command_writes_a_record_that_the_page_can_show(tmp_path, capsys):
    file = tmp_path / "record.json"
    assert main(["B-1", "--pairs", "2", "-o", str(file)]) == 0
    assert "Written:" in capsys.readouterr().out
    run, = json.loads(file.read_text(encoding="utf-8"))["runs"]
    assert (run["run"], run["pairs"], run["transform"], len(run["leakage"])) == ("B-1", 2, "affine", 2)
    tables = blocks(file)
    assert all("| B-1 |" in tables[name] for name in ("spread", "relative", "leakage", "place", "correlation"))
    assert "B-1: error, px" in tables["length"]


def test_the_page_is_that_of_the_record(capsys):
    assert PAGE.main(["--check"]) == 0, "run: python -m experiments.studies.error_page"
    assert "up to date" in capsys.readouterr().out
