"""The card of a run's weights."""

import json

from dirv_tf.training.config.config_loading import load_run
from dirv_tf.training.execution.weights_card import weights_card

CONFIG = """\
name: mine
description: own images
model: {levels: 1, units: 1, experts: 2}
data: {kind: folder, size: [16, 16], folder: private/patients, test_folder: private/others, normalization: each}
training: {epochs: 1, batch_size: 2}
"""
FOUND = {"versions": {"tensorflow": "2"}, "hardware": {"cores": 2}}


def test_the_card_holds_the_settings_of_the_run_but_no_paths(tmp_path):
    (tmp_path / "mine.yaml").write_text(CONFIG, encoding="utf-8")
    config = load_run(tmp_path / "mine.yaml")
    card = weights_card(config, {"dl_int": 50.0}, None, FOUND)
    assert (card["run"], card["preset"], card["description"]) == ("mine", None, "own images")
    assert card["metrics"] == {"dl_int": 50.0} and card["versions"] == {"tensorflow": "2"} and card["date"]
    assert card["input"] == {"normalization": "each"}
    settings = config.as_mapping()
    for part in ("training", "seeds", "evaluation"):
        assert card[part] == settings[part]
    assert card["data"] == {**settings["data"], "folder": "patients", "test_folder": "others"}
    assert "private" not in json.dumps(card) and str(tmp_path) not in json.dumps(card)
