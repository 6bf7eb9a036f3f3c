"""What can be found where images are seen at a lower resolution."""

import json

import numpy as np
import pytest
import tensorflow as tf

from dirv_tf import geometry
from dirv_tf.models import DIRVNet, load_pretrained
from experiments.comparison.families import resolutions
from experiments.comparison.families.pair_sets import SETS, draw
from experiments.comparison.pair_sets import Pairs

SMALL = SETS[0]._replace(size=(32, 32))


def test_images_are_halved_as_between_the_levels_of_a_network():
    pairs = draw(SMALL, 2)
    network = DIRVNet(levels=3, units=1, experts=2)
    outputs = network((pairs.fixed, pairs.moving))
    for factor, level in ((4, 0), (2, 1), (1, 2)):
        coarse = resolutions.halved(pairs, factor)
        np.testing.assert_allclose(coarse.fixed, outputs["fixed_images"][level], atol=1e-6)
        np.testing.assert_allclose(coarse.moving, outputs["moving_images"][level], atol=1e-6)
    # A field in pixels of the coarse image, where its pixels lie.
    np.testing.assert_allclose(resolutions.halved(pairs, 4).flow_field, pairs.flow_field[:, ::4, ::4] / 4, rtol=1e-6)


def test_levels_of_a_network_are_scored_by_what_they_have_removed():
    class Known:
        """Finds a share of the true field after each of two levels."""

        levels = 2

        def __init__(self, pairs, shares):
            self.pairs, self.shares = pairs, shares

        def __call__(self, images):
            index = [np.array_equal(each[None], images[0]) for each in self.pairs.fixed].index(True)
            true = tf.constant(self.pairs.flow_field[index : index + 1])
            coarse = true[:, ::2, ::2] / 2
            sampled = [
                geometry.sample_control_points(field, (4, 4)) * share
                for field, share in zip((coarse, true), self.shares)
            ]
            halves = tuple(geometry.downsample_image(tf.constant(each)) for each in images)
            one, two = zip(halves, images)
            return {
                "flow_field": true * self.shares[1],
                "displacement_fields": tuple(field[:, None] for field in sampled),
                "fixed_images": one,
                "moving_images": two,
                "registered_images": two,
            }

    pairs = draw(SMALL, 2)
    found = resolutions.found_by_levels(Known(pairs, (0.25, 0.75)), pairs)
    assert found == [pytest.approx(25, abs=3), pytest.approx(75, abs=1e-3)]


def test_register_finds_a_shift_at_half_the_resolution(rng):
    image = tf.image.resize(rng.random((1, 16, 16, 1)), (64, 64), "bicubic").numpy().clip(0, 1).astype(np.float32)
    field = np.zeros((1, 64, 64, 2), np.float32) + np.float32([2.0, 0.0])
    pairs = Pairs(np.asarray(geometry.warp_image(image, field)), image, field)
    assert resolutions.found_by_register(resolutions.halved(pairs, 2)) > 80


def test_the_record_is_written_and_shown(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(resolutions, "SETS", ("chessboards-64",))
    monkeypatch.setattr(resolutions, "found_by_register", lambda pairs: float(pairs.fixed.shape[1]))
    assert resolutions.main(["best-2d", "--pairs", "1", "-o", str(tmp_path / "out")]) == 0
    record = json.loads((tmp_path / "out" / "resolutions.json").read_text(encoding="utf-8"))
    assert record["sets"][0]["register"] == [8.0, 16.0, 32.0, 64.0]
    assert record["networks"] == {"best-2d": load_pretrained("best-2d").card["sha256"]}
    assert len(record["sets"][0]["best-2d"]) == 4
    table = resolutions.resolutions_table(record)
    assert "| Chessboards 64², small fields | `register`, given no more | 8.0 | 16.0 | 32.0 | 64.0 |" in table
    assert "best-2d, after its level" in table
    # Levels that stand for other resolutions are refused.
    assert resolutions.main(["A-6", "-o", str(tmp_path / "other")]) == 2
    assert "A-6 of 1 levels" in capsys.readouterr().err and not (tmp_path / "other").exists()


def test_the_record_is_of_the_networks_that_ship():
    record = json.loads(resolutions.RECORD.read_text(encoding="utf-8"))
    assert list(record["networks"]) == list(resolutions.NETWORKS)
    for name, checksum in record["networks"].items():
        assert load_pretrained(name).card["sha256"] == checksum
    assert [entry["name"] for entry in record["sets"]] == list(resolutions.SETS)
