"""The comparison of trainings with and without labels, its record and its page."""

import json
import shutil

import numpy as np
import pytest
import tensorflow as tf

from dirv_tf.datasets.label_maps import read_label_map
from dirv_tf.datasets.pair_table import read_pair_table
from dirv_tf.io.atomic_write import write_csv, write_json
from dirv_tf.metrics import label_overlap
from dirv_tf.validation import ConfigError
from experiments.annotations import members, page, pair_scores, run
from experiments.annotations.__main__ import main
from experiments.annotations.members import MEMBERS, TEST, member_config, people_of, person_of, write_pairs
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


def test_a_person_is_the_number_in_the_name_of_a_file(tmp_path):
    files = ("004.nii.gz", "hippocampus_004.nii.gz", "images/004.nii.gz", tmp_path / "my_set.v2" / "hippocampus_004.nii.gz")
    assert [person_of(file) for file in files] == ["004"] * 4


def test_members_of_a_network_differ_in_what_they_say_alone(tmp_path):
    common = {}
    for name in MEMBERS:
        mapping = member_config(name, tmp_path / "train.csv").as_mapping()
        assert mapping.pop("name").endswith(name) and mapping.pop("description") == MEMBERS[name].what
        terms = mapping["training"].pop("terms", None)
        assert terms is None or terms[0]["kind"] == "own"
        augmented = mapping["data"].pop("augmentation", None)
        assert (augmented is not None) == (name.endswith("augmented") or "passes" in name)
        # Trained for longer, in two passes from what was trained before, and with one label.
        longer = {"deeper-labels-augmented": 12, "deeper-labels-strongly-augmented": 45, "deeper-labels-two-passes": 14}
        mapping["training"]["epochs"] -= longer.get(name, 0)
        if "passes" in name:
            assert mapping["model"].pop("passes") == 2 and mapping["training"].pop("learning_rate") == 5e-4
            assert mapping["training"].pop("start_from") == str(tmp_path / "deeper-labels-strongly-augmented")
            mapping["model"]["passes"], mapping["training"]["learning_rate"] = 1, 1e-3
        if "one-label" in name:
            mapping["data"]["labels"].append(2)
        assert mapping == common.setdefault(name.startswith("deeper"), mapping), name
    assert common[True]["model"] != common[False]["model"]


@pytest.fixture
def without_training(monkeypatch):
    """Three people to train on and three to test on, and networks whose Dice coefficients are known."""

    def execute(config, folder, **_):
        folder.write_config(config)
        files = [[str(file) for file in row[:4]] for row in read_pair_table(config.data.train_pairs)]
        folder.write_record(seconds=60.0, files={"train": files})
        # One epoch less than the settings say.
        write_csv(folder.history, ["epoch"], [{"epoch": epoch + 1} for epoch in range(config.training.epochs - 1)])
        content = {"test": {"folded_percent": 0.0, "dl_int_finest": 10.0}, "test_images": 30, "parameters": 100}
        folder.metrics_json.write_text(json.dumps(content))

    def scores(weights, table, data, labels, twice=True):
        assert data.size == (48, 56, 48) and tuple(labels) == (1, 2)
        dice = 0.6 if "unsupervised" in str(weights) else 0.8
        both = 0.9 if table != TEST else dice
        pair = {"before": [0.4, 0.6], "once": [both, both], "twice": [both, both + 0.1], "folded_percent": 0.0}
        return [{"fixed": "004.nii.gz", "moving": "008.nii.gz", **pair}]

    monkeypatch.setattr(run, "execute", execute)
    monkeypatch.setattr(run, "pair_scores", scores)
    monkeypatch.setattr(run, "tested_people", lambda: ["004", "008", "015"])


def test_a_record_holds_what_was_measured_and_members_in_one_order(tmp_path, without_training):
    record = run.compare_annotations(PEOPLE, tmp_path, ["labels", "unsupervised"], report=lambda line: None)
    assert json.loads((tmp_path / run.RECORD).read_text()) == record
    assert [member["name"] for member in record["members"]] == ["unsupervised", "labels"]
    assert [member["dice"] for member in record["members"]] == [0.6, 0.8]
    assert {member["training_dice"] for member in record["members"]} == {0.9}
    assert [member["dice_twice"] for member in record["members"]] == [0.65, 0.85]
    # Nine epochs of six pairs were trained.
    assert record["training_pairs"] == 6 and record["members"][0]["steps"] == 54
    assert [row[1] for row in rows(record)] == ["0.500", "0.600", "0.800"]
    assert len({len(line) for line in text_lines(record)}) == 1
    assert len(markdown(record).strip().splitlines()) == 4 + 3
    # A member that is not asked for stays, and what was noted of one that is.
    for member in record["members"]:
        member["note"] = f"{member['name']} was noted."
    record["members"].append({**record["members"][0], "name": "of-old"})
    write_json(tmp_path / run.RECORD, record)
    again = run.compare_annotations(PEOPLE, tmp_path, ["labels"], report=lambda line: None)
    assert again["members"] == record["members"]
    # A run that is trained anew is not the one that was noted.
    shutil.rmtree(tmp_path / "labels")
    anew = run.compare_annotations(PEOPLE, tmp_path, ["labels"], report=lambda line: None)
    assert ["note" in member for member in anew["members"]] == [True, False, True]
    with pytest.raises(ConfigError, match="a run of the settings asked for, or none. Received: "):
        run.compare_annotations(PEOPLE, tmp_path, ["labels"], {"training.epochs": 3}, report=lambda line: None)


def test_members_of_one_record_were_trained_and_tested_on_the_same_people(tmp_path, without_training, monkeypatch):
    record = run.compare_annotations(PEOPLE, tmp_path, ["labels", "unsupervised"], report=lambda line: None)
    table = (tmp_path / "train.csv").read_text(encoding="utf-8")
    monkeypatch.setattr(run, "tested_people", lambda: ["004", "008"])
    message = "trained_on: 020, 025, 034; another folder .* takes other people. Received: 015, 020, 025, 034"
    for names in (["labels"], ["boxes"]):
        with pytest.raises(ConfigError, match=message):
            run.compare_annotations(PEOPLE, tmp_path, names, report=lambda line: None)
    assert json.loads((tmp_path / run.RECORD).read_text()) == record
    assert (tmp_path / "train.csv").read_text(encoding="utf-8") == table
    # Nor is a run taken that was finished before the record was written.
    (tmp_path / run.RECORD).unlink()
    with pytest.raises(ConfigError, match="trained on 015, 020, 025, 034, or none. Received: .*labels, .* 020, 025, 034"):
        run.compare_annotations(PEOPLE, tmp_path, ["labels"], report=lambda line: None)
    assert not (tmp_path / run.RECORD).exists()


def test_pairs_are_measured_one_by_one_with_the_network_applied_once_and_twice(tmp_path, monkeypatch):
    """A network that takes everything from one voxel further on along the first axis."""
    people = people_of(PEOPLE, ["008", "020", "025", "034"])
    write_pairs(people, tmp_path / "pairs.csv")
    monkeypatch.setattr(
        pair_scores, "load_weights_file",
        lambda path: lambda pair: {"flow_field": tf.ones([*pair[0].shape[:-1], 1]) * tf.constant([1.0, 0.0, 0.0])},
    )  # fmt: skip
    data = member_config("deeper-one-label-augmented", tmp_path / "pairs.csv").data
    found = pair_scores.pair_scores(tmp_path, tmp_path / "pairs.csv", data, (1, 2))
    assert [(pair["fixed"], pair["moving"]) for pair in found] == [
        ("004.nii.gz", "015.nii.gz"), ("015.nii.gz", "004.nii.gz")
    ]  # fmt: skip
    padded = []
    for person in people:
        labels = read_label_map(person.labels)
        before = [(side - each) // 2 for side, each in zip((48, 64, 48), labels.shape)]
        padded.append(np.pad(labels, [(b, s - e - b) for b, s, e in zip(before, (48, 64, 48), labels.shape)]))
    for pair, (fixed, moving) in zip(found, (padded, padded[::-1])):
        for name, shift in (("before", 0), ("once", -1), ("twice", -2)):
            dice = label_overlap(fixed, np.roll(moving, shift, axis=0))["dice"]
            np.testing.assert_allclose(pair[name], [dice[1], dice[2]], atol=6e-5)
        assert pair["folded_percent"] == 0
    for person in ("004", "015"):
        assert pair_scores.mean_dice(found, "once", person) == pair_scores.mean_dice(found, "once")


def test_the_help_says_what_every_member_learns_from(capsys):
    with pytest.raises(SystemExit) as end:
        main(["--help"])
    lines = capsys.readouterr().out.splitlines()
    assert end.value.code == 0
    for name, member in MEMBERS.items():
        assert [name, member.what] in [line.strip().split(maxsplit=1) for line in lines]


def test_the_page_shows_the_record():
    text = page.PAGE.path.read_text(encoding="utf-8")
    assert page.PAGE.written(text, page.blocks()) == text, "run: python -m experiments.annotations.page"
    record = json.loads((page.RECORDS / "annotations" / run.RECORD).read_text(encoding="utf-8"))
    assert not set(record["trained_on"]) & set(record["tested_on"])
    assert all(len(row) == len(COLUMNS) for row in rows(record))
