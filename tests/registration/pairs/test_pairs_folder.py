"""Several processes in one folder: what one writes, no other takes away."""

import csv
import json
import os
import time

import pytest

from dirv_tf.registration.pairs.pair_row import DONE, FAILED, PairRow
from dirv_tf.registration.pairs.pairs_folder import PairsFolder

SETTINGS = {"effort": "fast", "model": None}


def names_in_table(path):
    with open(path / "pairs.csv", encoding="utf-8", newline="") as stream:
        return [row["name"] for row in csv.DictReader(stream)]


@pytest.fixture
def folder(tmp_path):
    folder = PairsFolder(tmp_path / "out", SETTINGS)
    folder.claim(["a", "b"], shared=False, resume=False, overwrite=False)
    return folder


def test_a_row_comes_back_as_it_was(folder):
    row = PairRow("a", DONE, seconds=1.5, warnings=("one; two", "three"), landmarks=3, rtre_median_after=0.25, fixed="/x")
    folder.write_row(row)
    assert PairsFolder(folder.path, SETTINGS).row("a") == row and folder.row("b") is None


def test_the_table_has_the_order_of_the_list(folder):
    for name in ("c", "b", "a", "forgotten"):
        folder.write_row(PairRow(name, FAILED, "why, \"this\"\nand that"))
    folder.write_table(["a", "b", "c", "d"])
    assert names_in_table(folder.path) == ["a", "b", "c", "forgotten"]


def test_the_table_that_is_written_last_holds_every_row(folder):
    other = PairsFolder(folder.path, SETTINGS)
    folder.write_row(PairRow("a", DONE))
    written = []

    def write_slowly(rows):
        written.append([row.name for row in rows])
        if len(written) == 1:
            # Another process finishes a pair and writes its table before ours is in place.
            other.write_row(PairRow("b", DONE))
            other.write_table(["a", "b"])

    folder.write_current(["a", "b"], write_slowly)
    assert written == [["a"], ["a", "b"]]


def test_results_are_kept_unless_told_otherwise(folder):
    with pytest.raises(FileExistsError, match="resume=True goes on.*overwrite=True replaces"):
        folder.claim(["a"], shared=False, resume=False, overwrite=False)
    folder.write_row(PairRow("a", DONE))
    folder.claim(["a", "b"], shared=False, resume=True, overwrite=False)
    assert folder.row("a") is not None
    folder.claim(["a", "b"], shared=False, resume=False, overwrite=True)
    assert folder.row("a") is None


def test_shards_share_a_folder_and_a_shard_is_not_begun_twice(folder):
    folder.claim(["c"], shared=True, resume=False, overwrite=False)
    folder.write_row(PairRow("c", FAILED))
    with pytest.raises(FileExistsError, match="resume=True"):
        folder.claim(["c"], shared=True, resume=False, overwrite=False)


def test_overwriting_a_shard_leaves_the_others_alone_unless_their_settings_are_older(folder):
    for name in ("a", "b"):
        folder.write_row(PairRow(name, DONE))
    folder.claim(["a"], shared=True, resume=False, overwrite=True)
    assert folder.row("a") is None and folder.row("b") is not None
    other = PairsFolder(folder.path, {**SETTINGS, "effort": "best"})
    other.write_row(PairRow("a", DONE))
    other.claim(["c"], shared=True, resume=False, overwrite=True)
    assert other.row("a") is not None and other.row("b") is None
    assert json.loads((other.path / "settings.json").read_text(encoding="utf-8"))["options"]["effort"] == "best"


def test_other_settings_are_refused_with_what_differs(folder):
    other = PairsFolder(folder.path, {"effort": "best", "model": None, "tile": 64})
    with pytest.raises(ValueError, match="effort='fast' there, 'best' now; tile=None there, 64 now"):
        other.claim(["a"], shared=True, resume=True, overwrite=False)


@pytest.mark.parametrize("choice", [{}, {"resume": True}, {"overwrite": True}])
def test_a_folder_of_something_else_is_left_alone(tmp_path, choice):
    (tmp_path / "thesis.tex").write_text("years of work", encoding="utf-8")
    choice = {"resume": False, "overwrite": False, **choice}
    with pytest.raises(FileExistsError, match="new or empty folder, or one with registrations of many pairs"):
        PairsFolder(tmp_path, SETTINGS).claim(["a"], False, **choice)
    for text in ("[]", "{}", '{"kind": "mine", "options": {}}', "no JSON"):
        (tmp_path / "settings.json").write_text(text, encoding="utf-8")
        with pytest.raises(FileExistsError):
            PairsFolder(tmp_path, SETTINGS).claim(["a"], False, **choice)
        assert (tmp_path / "settings.json").read_text(encoding="utf-8") == text
    assert (tmp_path / "thesis.tex").read_text(encoding="utf-8") == "years of work"


def test_of_processes_that_begin_at_once_one_writes_the_settings(tmp_path, monkeypatch):
    ours, theirs = PairsFolder(tmp_path / "out", SETTINGS), PairsFolder(tmp_path / "out", {"effort": "best"})
    link = os.link

    def link_later(source, target):
        monkeypatch.setattr(os, "link", link)
        # They come between our look at the folder and our file.
        theirs.claim(["a"], shared=True, resume=False, overwrite=False)
        link(source, target)

    monkeypatch.setattr(os, "link", link_later)
    with pytest.raises(ValueError, match="effort='best' there, 'fast' now"):
        ours.claim(["b"], shared=True, resume=False, overwrite=False)
    assert [path.name for path in ours.path.iterdir()] == ["settings.json"]


@pytest.mark.parametrize("step", ["link", "replace"])
def test_a_process_that_begins_loses_nothing_to_one_that_clears_up_at_the_same_moment(tmp_path, monkeypatch, step):
    """The one that is ahead finds itself alone, and takes the settings that the other is writing for left behind."""
    ours, theirs = PairsFolder(tmp_path / "out", SETTINGS), PairsFolder(tmp_path / "out", SETTINGS)
    function = getattr(os, step)

    def cleared_before(source, target):
        monkeypatch.setattr(os, step, function)
        theirs.claim(["a"], shared=True, resume=True, overwrite=False)
        with theirs.in_use():
            assert not os.path.exists(source)
        function(source, target)

    monkeypatch.setattr(os, step, cleared_before)
    ours.claim(["b"], shared=True, resume=True, overwrite=False)
    assert json.loads((ours.path / "settings.json").read_text(encoding="utf-8"))["options"] == SETTINGS
    assert sorted(path.name for path in ours.path.iterdir()) == [".pairs", "settings.json"]


def test_a_shard_that_overwrites_is_not_cleared_up_after(folder, monkeypatch):
    folder.write_row(PairRow("a", DONE))
    other, replace = PairsFolder(folder.path, SETTINGS), os.replace

    def cleared_before(source, target):
        monkeypatch.setattr(os, "replace", replace)
        # It waits for no lock: it is not alone, and comes in.
        with other.in_use():
            assert os.path.exists(source)
        replace(source, target)

    monkeypatch.setattr(os, "replace", cleared_before)
    folder.claim(["a"], shared=True, resume=False, overwrite=True)
    assert folder.row("a") is None and os.replace is replace


def test_what_a_killed_process_left_of_a_pair_is_cleared_by_the_next(folder):
    left, others = folder.path / ".a-0123456789ab", folder.path / ".a b-0123456789ab"
    for path in (left, others):
        path.mkdir()
        (path / "registered.png").touch()
    with folder.lock("a"):
        assert not left.exists() and others.exists()
        with pytest.raises(BlockingIOError), PairsFolder(folder.path, SETTINGS).lock("a"):
            pass
        with PairsFolder(folder.path, SETTINGS).lock("b"):
            pass


def test_a_row_that_another_process_replaces_is_read_again(folder):
    folder.write_row(PairRow("a", FAILED))
    assert not folder.row("a").is_done
    time.sleep(0.01)
    PairsFolder(folder.path, SETTINGS).write_row(PairRow("a", DONE))
    assert folder.row("a").is_done


def test_who_is_alone_removes_what_was_half_written_when_killed(folder):
    folder.write_row(PairRow("a", DONE))
    (folder.path / "a").mkdir()
    left = [folder.path / name for name in (".pairs/a/.0123456789ab-row.json", ".0123456789ab-pairs.csv",
                                            "a/.0123456789ab-evaluation.json")]
    mine = folder.path / ".0123456789ab-notes.txt"
    for path in (*left, mine):
        path.touch()
    with folder.in_use():
        assert not any(path.exists() for path in left) and mine.exists()
        left[0].touch()
        # Another one at work beside the first: what is there may be the first one's.
        with PairsFolder(folder.path, SETTINGS).in_use():
            assert left[0].exists()
    assert folder.row("a").is_done
