"""The comparison of trainings with and without landmarks: its pairs, its trainings, its record."""

import json

import numpy as np
import pytest
import tensorflow as tf

from dirv_tf.datasets.pair_table import read_pair_table
from dirv_tf.io import load_image, read_landmarks
from dirv_tf.registration.maps.linear_map import LinearMap
from experiments.annotations import aligned_sections, landmarks, page
from experiments.annotations.landmarks import MEMBERS, TISSUES, compare_landmarks, markdown, member_config
from experiments.comparison.real.pair_table import SETS, read_real_pairs
from experiments.comparison.real.prepared_pair import PreparedPair


@pytest.fixture
def shift(monkeypatch):
    """An alignment that is known: everything lies two pixels lower in the moving image."""
    found = type("Result", (), {"linear": LinearMap(np.eye(2), np.array([2.0, 0.0]))})
    asked = []

    def register(fixed, moving, **options):
        asked.append(options)
        return found

    monkeypatch.setattr(aligned_sections, "register", register)
    return asked


def test_an_aligned_image_and_its_landmarks_move_together(shift):
    moving = np.zeros((16, 12), np.float32)
    moving[7, 5] = 1.0
    pair = PreparedPair("one", np.zeros((16, 12), np.float32), moving, np.array([[5.0, 5.0]]), np.array([[7.0, 5.0]]))
    ready = aligned_sections.aligned(pair)
    assert np.argwhere(ready.moving == 1).tolist() == [[5, 5]] == ready.moving_points.tolist()
    assert aligned_sections.median_error(ready) == 0 and aligned_sections.median_error(pair) == pytest.approx(0.1)
    field = np.zeros((16, 12, 2), np.float32)
    field[..., 0] = 2.0
    assert aligned_sections.median_error(pair, field) == pytest.approx(0, abs=1e-6)
    assert shift == [{"align": "affine", "similarity": "mind"}]


def test_pairs_are_written_in_both_directions_with_their_landmarks(shift, tmp_path):
    pairs = [pair for pair in read_real_pairs(SETS["histology"]) if aligned_sections.tissue_of(pair) == "lung_lobes"][:2]
    ready, before = aligned_sections.prepare(pairs, tmp_path, side=64)
    table = read_pair_table(tmp_path / "pairs.csv")
    assert [(row.fixed.name, row.moving.name) for row in table[:2]] == [
        ("00_fixed.npy", "00_moving.npy"), ("00_moving.npy", "00_fixed.npy")
    ]  # fmt: skip
    assert len(table) == 4 and len(before) == 2
    row = table[2]
    np.testing.assert_allclose(load_image(row.moving).pixels, np.clip(ready[1].moving, 0, 1), atol=1e-6)
    np.testing.assert_allclose(read_landmarks(row.fixed_landmarks).points, ready[1].fixed_points, atol=1e-3)
    # Landmark 7 of the lobes does not count.
    assert len(ready[0].fixed_points) == 97


def test_trainings_differ_in_the_term_alone_and_are_tested_on_the_other_tissue(tmp_path):
    configs = [member_config(tmp_path, "lung_lobes", name).as_mapping() for name in MEMBERS]
    for mapping in configs:
        mapping.pop("name"), mapping.pop("description")
    terms = configs[1]["training"].pop("terms")
    assert [term["kind"] for term in terms] == ["own", "landmarks"] and configs[0] == configs[1]
    assert "lung_lobes" in configs[0]["data"]["train_pairs"] and "lung_lesion" in configs[0]["data"]["test_pairs"]


def test_a_record_holds_errors_of_single_pairs(shift, tmp_path, monkeypatch):
    """Networks that find nothing: what is measured is what the alignment leaves."""
    trained, prepare = [], aligned_sections.prepare
    monkeypatch.setattr(aligned_sections, "prepare", lambda pairs, folder: prepare(pairs[:3], folder, side=64))

    def execute(config, folder, **_):
        folder.path.mkdir(parents=True)
        folder.write_config(config)
        folder.metrics_json.write_text("{}")
        trained.append(config.name)

    class Network:
        def count_params(self):
            return 7

        def __call__(self, pair):
            return {"flow_field": tf.zeros([*pair[0].shape[:-1], 2])}

    monkeypatch.setattr("dirv_tf.training.execution.run.execute", execute)
    monkeypatch.setattr("dirv_tf.models.load_weights_file", lambda path: Network())
    record = compare_landmarks(tmp_path, ["lung_lobes"], report=[].append)
    assert trained == ["lung_lobes-unsupervised", "lung_lobes-landmarks"]
    assert json.loads((tmp_path / landmarks.RECORD).read_text()) == record
    for measured in record["tests"]["lung_lobes"].values():
        np.testing.assert_allclose(measured["test"], record["pairs"]["lung_lesion"]["aligned"], atol=2e-5)
        np.testing.assert_allclose(measured["training"], record["pairs"]["lung_lobes"]["aligned"], atol=2e-5)
        assert measured["steps"] == 360
    assert len(markdown(record).strip().splitlines()) == 2 + 2 + 2
    # Finished trainings are kept.
    compare_landmarks(tmp_path, ["lung_lobes"], report=[].append)
    assert len(trained) == 2


def test_the_committed_record_has_both_trainings_of_a_tissue():
    record = json.loads((page.RECORDS / "annotations" / landmarks.RECORD).read_text(encoding="utf-8"))
    assert record["tests"] and set(record["tests"]) <= set(record["pairs"]) == set(TISSUES)
    for members in record["tests"].values():
        assert set(members) == set(MEMBERS) and {len(each["test"]) for each in members.values()} == {10}
