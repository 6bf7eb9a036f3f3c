"""The comparison of trainings with and without labels, its record and its page."""

import json

import pytest

from dirv_tf.datasets.pair_table import read_pair_table
from dirv_tf.validation import ConfigError
from experiments.annotations import members, page, run
from experiments.annotations.members import TERMS, TEST, member_config, people_of, write_pairs
from experiments.annotations.table import COLUMNS, markdown, rows, text_lines

PEOPLE = TEST.parent


def test_pairs_are_all_ordered_ones_of_the_people_who_are_not_tested_on(tmp_path):
    people = people_of(PEOPLE, ["004", "008", "015"])
    assert write_pairs(people, tmp_path / "train.csv") == 6
    table = read_pair_table(tmp_path / "train.csv")
    assert len({(row.fixed.name, row.moving.name) for row in table}) == 6
    for row in table:
        assert (row.fixed_labels.name, row.moving_labels.name) == (row.fixed.name, row.moving.name)
        assert row.fixed_labels.parent == PEOPLE / "labels"
    assert members.tested_people() == ["004", "008", "015", "020", "025", "034"]
    with pytest.raises(ConfigError, match="at least two people who are not tested on. Received: .* with 0"):
        people_of(PEOPLE, members.tested_people())


def test_members_differ_in_their_terms_alone(tmp_path):
    mappings = {name: member_config(name, tmp_path / "train.csv").as_mapping() for name in TERMS}
    for mapping in mappings.values():
        terms = mapping["training"].pop("terms", None)
        del mapping["name"], mapping["description"]
        assert mapping == mappings["unsupervised"]
        assert terms is None or terms[0]["kind"] == "own"


def test_a_record_holds_what_was_measured_and_members_in_one_order(tmp_path, monkeypatch):
    def execute(config, folder, **_):
        folder.write_config(config)
        folder.write_record(seconds=60.0)
        dice = 0.6 if config.training.terms is None else 0.8
        test = {"dice_before": 0.5, "dice": dice, "dice_label1": dice, "dice_label2": dice, "folded_percent": 0.0}
        content = {"test": {**test, "dl_int_finest": 10.0}, "test_images": 30, "parameters": 100}
        folder.metrics_json.write_text(json.dumps(content))
        folder.history.write_text("epoch,dice\n1,0.6\n2,0.9\n")

    monkeypatch.setattr(run, "execute", execute)
    monkeypatch.setattr(run, "tested_people", lambda: ["004", "008", "015"])
    record = run.compare_annotations(PEOPLE, tmp_path, ["labels", "unsupervised"], report=lambda line: None)
    assert json.loads((tmp_path / run.RECORD).read_text()) == record
    assert [member["name"] for member in record["members"]] == ["unsupervised", "labels"]
    assert [member["dice"] for member in record["members"]] == [0.6, 0.8]
    assert {member["training_dice"] for member in record["members"]} == {0.9}
    # Ten epochs of six pairs.
    assert record["training_pairs"] == 6 and record["members"][0]["steps"] == 60
    assert [row[1] for row in rows(record)] == ["0.500", "0.600", "0.800"]
    assert len({len(line) for line in text_lines(record)}) == 1
    assert len(markdown(record).strip().splitlines()) == 4 + 3
    with pytest.raises(ConfigError, match="a run of the settings asked for, or none. Received: "):
        run.compare_annotations(PEOPLE, tmp_path, ["labels"], {"training.epochs": 3}, report=lambda line: None)


def test_the_page_shows_the_record():
    text = page.PAGE.path.read_text(encoding="utf-8")
    assert page.PAGE.written(text, page.blocks()) == text, "run: python -m experiments.annotations.page"
    record = json.loads((page.RECORDS / "annotations" / run.RECORD).read_text(encoding="utf-8"))
    assert not set(record["trained_on"]) & set(record["tested_on"])
    assert all(len(row) == len(COLUMNS) for row in rows(record))
