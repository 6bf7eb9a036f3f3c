"""A network that spoils what fits already is found out, and the record has every shipped network."""

import json

import pytest
import tensorflow as tf

from dirv_tf.models import RegistrationNetwork, pretrained_names
from dirv_tf.registration.networks import network_registration
from experiments.folders import RECORDS
from experiments.reliability import nearly_identical
from experiments.reliability.nearly_identical import DIFFERENCES, WITHOUT, images, measure, registered


class OnePixelOff(RegistrationNetwork):
    """Finds one pixel along the last axis, whatever the images are."""

    kind = "one_pixel_off"
    similarity = "mse"
    halo = (4, 4)

    def call(self, inputs):
        fixed, _ = self.checked_pair(inputs)
        return {"flow_field": tf.concat([tf.zeros_like(fixed), tf.ones_like(fixed)], axis=-1)}


@pytest.mark.parametrize("rule", [True, False])
def test_a_pair_that_is_spoiled_is_a_fault(monkeypatch, tmp_path, rule):
    monkeypatch.setattr("dirv_tf.models.load_pretrained", lambda name: OnePixelOff())
    monkeypatch.setattr(nearly_identical, "DIFFERENCES", (1e-6,))
    if not rule:
        monkeypatch.setattr(network_registration, "never_worse", lambda pair, found, similarity: found)
    record = measure(["off"], tmp_path, lambda line: None)
    assert [row["stayed"] for row in record["rows"]] == [rule, rule]
    assert [row["by"] for row in record["rows"]] == (["rule", "rule"] if rule else [None, None])
    assert record["faults"] == ([] if rule else [f"off, {name}, 1e-06: moved by 1 px" for name in images()])
    assert json.loads((tmp_path / nearly_identical.RECORD_NAME).read_text(encoding="utf-8")) == record


def test_a_pair_below_a_noise_floor_is_told_from_one_that_the_rule_left(monkeypatch):
    network = OnePixelOff()
    network.card = {"noise_floor": 1e-3}
    monkeypatch.setattr("dirv_tf.models.load_pretrained", lambda name: network)
    assert [row["by"] for row in registered("off", 1e-6)] == ["floor", "floor"]
    assert [row["by"] for row in registered("off", 0.1)] == ["rule", "rule"]


def test_without_a_network_a_displacement_that_could_be_seen_is_a_fault(monkeypatch):
    rows = registered(WITHOUT, 1e-5)
    assert not any(row["fault"] for row in rows) and not all(row["stayed"] for row in rows)
    monkeypatch.setattr(nearly_identical, "LARGEST_DISPLACEMENT", 0.0)
    assert any(row["fault"] for row in registered(WITHOUT, 1e-5))


def test_the_record_has_every_shipped_network_for_images_and_no_fault():
    record = json.loads((RECORDS / "reliability" / nearly_identical.RECORD_NAME).read_text(encoding="utf-8"))
    assert {row["model"] for row in record["rows"]} == {WITHOUT, *pretrained_names(2)}
    assert len(record["rows"]) == (1 + len(pretrained_names(2))) * len(DIFFERENCES) * len(images())
    networks = [row for row in record["rows"] if row["model"] != WITHOUT]
    assert all(row["by"] == "floor" for row in networks), "all differ by less than a gray level"
    assert record["faults"] == [] and not any(row["fault"] for row in record["rows"])
