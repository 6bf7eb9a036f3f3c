"""Pairs below a network's noise floor stay as they are; the floor is measured, and lies on the card."""

import json

import numpy as np
import pytest
import tensorflow as tf

from dirv_tf.models import RegistrationNetwork, read_card
from dirv_tf.models.pretrained import WEIGHTS_FOLDER, load_pretrained, pretrained_names
from dirv_tf.models.weight_files import WeightFileError, save_weights_file
from dirv_tf.registration import measure_noise_floor, register
from dirv_tf.registration.networks import noise_floor

SIZE = (40, 48)


class OnePixelOff(RegistrationNetwork):
    """Finds one pixel along the last axis, whatever the images are."""

    kind = "one_pixel_off"
    halo = (4, 4)
    noise_floor = 1e-3

    def call(self, inputs):
        fixed, _ = self.checked_pair(inputs)
        return {"flow_field": tf.concat([tf.zeros_like(fixed), tf.ones_like(fixed)], axis=-1)}


class Answer(RegistrationNetwork):
    """Finds half of the measured field from a length on, and one pixel below it."""

    kind = "answer"
    least = 0.1

    def call(self, inputs):
        fixed, _ = self.checked_pair(inputs)
        side = tf.shape(fixed)[1]
        places = np.pi * (tf.range(side, dtype=tf.float32) + 0.5) / tf.cast(side, tf.float32)
        bump = tf.sin(places)[:, tf.newaxis] * tf.sin(places) / np.sqrt(2)
        unit = tf.stack([bump, -bump], axis=-1)
        found = [0.5 * length * unit for length in noise_floor.AMPLITUDES]
        fields = [
            field if length >= self.least else tf.ones_like(unit)
            for field, length in zip(found, noise_floor.AMPLITUDES)
        ]
        return {"flow_field": tf.stack(fields)}


@pytest.fixture
def pair(make_pair):
    fixed, _ = make_pair(SIZE)
    return np.clip(fixed, 0.1, 0.9), fixed.clip(0.1, 0.9)


@pytest.mark.parametrize("options", [{}, {"tile": 24}, {"refine": True}])
def test_a_pair_below_the_floor_stays_and_the_note_names_both_numbers(pair, options):
    fixed, moving = pair
    moving = moving + 0.0004 * (-1) ** np.arange(SIZE[1], dtype=np.float32)
    result = register(fixed, moving, model=OnePixelOff(), normalize="type", **options)
    assert not result.flow_field.any() and result.rounds == 0
    np.testing.assert_array_equal(result.registered, moving)
    assert [note for note in result.notes if "noise floor" in note] == [
        "the images stay where they were: no pixel differs by more than 0.0004, below the noise floor of "
        f"{result.model_name}, 0.001"
    ]


@pytest.mark.parametrize("tile", [None, 24])
def test_one_pixel_above_the_floor_asks_the_network_whatever_its_tile(pair, tile):
    fixed, moving = pair
    moving = moving.copy()
    moving[3, 3] += 0.002
    result = register(fixed, moving, model=OnePixelOff(), normalize="type", tile=tile)
    np.testing.assert_allclose(result.flow_field[..., 1], 1, atol=1e-6)
    assert not any("noise floor" in note for note in result.notes)


def test_a_network_that_states_no_floor_is_asked(pair):
    network = OnePixelOff()
    network.noise_floor = None
    assert (register(*pair, model=network, normalize="type").flow_field[..., 1] == 1).all()
    assert load_pretrained("A-1").noise_floor == read_card(WEIGHTS_FOLDER / "A-1")["noise_floor"]


@pytest.mark.parametrize("least, expected", [(1e-9, 0.0), (10.0, None)])
def test_floors_of_networks_that_find_all_fields_or_none(least, expected):
    network = Answer()
    network.least = least
    assert measure_noise_floor(network) == expected


def test_the_floor_is_the_difference_below_the_first_field_that_was_found(monkeypatch):
    network = Answer()
    network.least = 0.1
    monkeypatch.setattr(noise_floor, "LARGEST_FLOOR", 1.0)
    found = measure_noise_floor(network)
    # The steepest edge in reach, of the chessboard and the disc, is 1 per pixel; that of the texture is less.
    length = max(each for each in noise_floor.AMPLITUDES if each < 0.1)
    assert 0.02 * length < found < length
    monkeypatch.setattr(noise_floor, "LARGEST_FLOOR", 1 / 255)
    assert measure_noise_floor(network) == pytest.approx(min(found, 0.0039))


def test_every_shipped_network_that_registers_states_a_small_floor():
    for name in pretrained_names():
        assert 0 < read_card(WEIGHTS_FOLDER / name)["noise_floor"] <= 1 / 255


def test_the_card_is_what_the_measurement_gives():
    assert measure_noise_floor(load_pretrained("A-1")) == load_pretrained("A-1").noise_floor


@pytest.mark.parametrize("floor", [-1.0, 1.0, "low", True, float("nan")])
def test_a_damaged_floor_is_refused(tmp_path, make_network, floor):
    save_weights_file(make_network(2), tmp_path)
    card = json.loads((tmp_path / "weights.json").read_text(encoding="utf-8"))
    (tmp_path / "weights.json").write_text(json.dumps({**card, "noise_floor": floor}), encoding="utf-8")
    with pytest.raises(WeightFileError, match="noise_floor"):
        read_card(tmp_path)
