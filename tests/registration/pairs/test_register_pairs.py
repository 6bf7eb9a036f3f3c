"""Many pairs from files to the table, the page and the rows; a small network keeps it short."""

import errno
import json
import os
import shutil

import numpy as np
import pytest

import dirv_tf
from dirv_tf.io import Landmarks, load_image, read_flow_field, write_image, write_landmarks
from dirv_tf.models import DIRVNet
from dirv_tf.models.weight_files import save_weights_file
from dirv_tf.registration import PairRow, register, register_pairs
from dirv_tf.registration.pairs import one_pair
from dirv_tf.registration.pairs import register_pairs as module


def statuses(rows):
    return {row.name: row.status for row in rows}


def stamps(folder):
    return {path.parent.name: path.stat().st_mtime_ns for path in folder.glob("*/metrics.json")}


def test_every_pair_gets_its_results_a_row_and_a_place_on_the_page(table, model, inside, read_table):
    said = []
    rows = register_pairs(table, "out", model=model, progress=lambda *now: said.append(now))
    assert statuses(rows) == {"one": "done", "two ä": "failed", "three": "done", "four": "done"}
    assert [(finished, total) for finished, total, _ in said] == [(0, 4), (1, 4), (2, 4), (3, 4), (4, 4)]
    assert [row for _, _, row in said] == [None, *rows]

    expected = register("2.png", "3.png", model)
    np.testing.assert_array_equal(load_image("out/three/registered.png").pixels, expected.registered)
    row = rows[2]
    assert row.similarity_before == expected.quality.similarity_before and row.folded_percent == 0.0
    assert row.similarity_after == pytest.approx(expected.quality.similarity_after, abs=1e-6) and row.support == 1.0
    assert row.fixed == str(inside / "2.png") and row.method == str(model) and row.seconds > 0 and row.landmarks is None

    assert rows[1].reason == f"Expected an image file. Received: path={inside / 'lost.png'}, which does not exist"
    assert not (inside / "out/two ä").exists()
    cells = read_table(inside / "out")
    assert list(cells) == ["one", "two ä", "three", "four"]
    assert cells["two ä"]["reason"] == rows[1].reason and cells["two ä"]["similarity_after"] == ""
    assert float(cells["three"]["similarity_after"]) == pytest.approx(row.similarity_after, rel=1e-5)
    assert sorted(os.listdir("out")) == [
        ".pairs", "four", "index.html", "one", "pairs.csv", "settings.json", "three"
    ]


def test_landmarks_labels_and_masks_are_measured_and_used(inside, model):
    geometry = dirv_tf.io.ImageGeometry.from_pixel_size((0.5, 2.0))
    for number in "01":
        write_image(f"{number}.tif", load_image(f"{number}.png").pixels, geometry)
    points = np.array([[10.0, 10.0], [12.0, 20.0], [4.0, 6.0]])
    write_landmarks("fixed.csv", Landmarks("abc", points))
    write_landmarks("moving.csv", Landmarks("abcd", [*np.add(points, (0, 3)), [1.0, 1.0]]))
    labels = np.kron([[0, 1], [2, 0]], np.ones((12, 16))).astype(np.uint8)
    write_image("fixed_labels.png", labels)
    write_image("moving_labels.png", np.roll(labels, 4, axis=0))
    write_image("nothing.png", np.zeros((24, 32), np.uint8))
    files = {"fixed": "0.tif", "moving": "1.tif"}
    files.update({f"{name}_landmarks": f"{name}.csv" for name in files})
    files.update({f"{name}_labels": f"{name}_labels.png" for name in ("fixed", "moving")})
    others = [{**files, "fixed_mask": "nothing.png"}, {**files, "exclude": "b  d"}, {**files, "exclude": "e"}]
    row, masked, fewer, wrong = register_pairs([files, *others], "out", model=model)
    assert fewer.landmarks == 2 and fewer.exclude == "b d" and fewer.dice_after == row.dice_after
    assert wrong.reason == "Expected names of landmarks that do not count. Received: exclude='e'"
    assert masked.reason.startswith("`fixed_mask` must have the image's shape (24, 32) and leave at least one pixel")

    assert row.landmarks == 3 and row.tre_unit == "mm"
    assert row.tre_mean_before == row.tre_p90_before == row.tre_max_before == pytest.approx(6.0)
    assert row.rtre_median_before == pytest.approx(3 / np.hypot(24, 32))
    # What `dirv-tf evaluate` measures of the field that was written.
    field = read_flow_field("out/0001/flow_field.npz").flow_field
    landmarks = tuple(dirv_tf.io.read_landmarks(f"{name}.csv") for name in ("fixed", "moving"))
    measured = dirv_tf.registration.evaluate_field(field, (0.5, 2.0), landmarks=landmarks)["landmarks"]
    assert row.tre_median_after == pytest.approx(measured["tre_median"], abs=1e-5)
    assert row.rtre_p90_after == pytest.approx(measured["rtre_p90"], abs=1e-6)
    overlap = dirv_tf.metrics.label_overlap(labels, np.roll(labels, 4, axis=0))
    assert row.dice_before == pytest.approx(overlap["dice_mean"])
    content = json.loads((inside / "out/0001/evaluation.json").read_text(encoding="utf-8"))
    assert content["labels"]["before"]["dice"]["1"] == pytest.approx(overlap["dice"][1])
    assert content["landmarks"]["without_partner"] == 1


def test_landmarks_of_volumes_may_be_places_in_the_world(inside, tmp_path_factory):
    folder = tmp_path_factory.mktemp("model")
    network = DIRVNet(rank=3, levels=1, units=1, experts=2, kernel_sizes=(3, 3), knots=4)
    save_weights_file(network, folder)
    geometry = dirv_tf.io.ImageGeometry.from_pixel_size((2.0, 1.0, 1.0))
    volumes = np.random.default_rng(0).integers(0, 256, (2, 8, 16, 16)).astype(np.uint8)
    points = np.array([[2.0, 3.0, 4.0], [5.0, 8.0, 8.0]])
    for name, volume, shift in zip(("fixed", "moving"), volumes, (0, 1)):
        write_image(f"{name}.mha", volume, geometry)
        write_landmarks(f"{name}.fcsv", Landmarks("ab", points + [shift, 0, 0]), geometry=geometry)
    files = {name: f"{name}.mha" for name in ("fixed", "moving")}
    files.update({f"{name}_landmarks": f"{name}.fcsv" for name in ("fixed", "moving")})
    (row,) = register_pairs([files], "out", model=folder)
    assert row.tre_unit == "mm" and row.tre_mean_before == pytest.approx(2.0, abs=1e-4), row


def test_a_landmark_that_cannot_be_read_fails_before_the_images_are_touched(inside, model, monkeypatch):
    monkeypatch.setattr(one_pair, "register", lambda *images, **options: pytest.fail("the landmarks come first"))
    write_landmarks("good.csv", Landmarks("a", [[1.0, 2.0]]))
    (inside / "bad.csv").write_text("name,X,Y\na,1,2\nb,x,3\n", encoding="utf-8")
    files = {"fixed": "0.png", "moving": "1.png", "fixed_landmarks": "good.csv", "moving_landmarks": "bad.csv"}
    (row,) = register_pairs([files], "out", model=model)
    assert row.status == "failed" and "line 3" in row.reason and "bad.csv" in row.reason


def test_resuming_skips_what_is_done_and_tries_again_what_failed(table, model, inside, read_table):
    def stop(finished, total, row):
        if finished == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        register_pairs(table, "out", model=model, progress=stop)
    assert list(read_table(inside / "out")) == ["one", "two ä", "three"]
    before = stamps(inside / "out")
    # As a process leaves it that was killed while it wrote.
    (inside / "out/.four-0123456789ab").mkdir()
    shutil.copy("1.png", "lost.png")
    said = []
    rows = register_pairs(table, "out", model=str(model), resume=True, progress=lambda *now: said.append(now[:2]))
    assert set(statuses(rows).values()) == {"done"} and said == [(0, 2), (1, 2), (2, 2)]
    after = stamps(inside / "out")
    assert {name: after[name] for name in before} == before and set(after) == {"one", "two ä", "three", "four"}
    assert list(read_table(inside / "out")) == ["one", "two ä", "three", "four"]
    assert not [name for name in os.listdir("out") if name.startswith(".four")]


def test_resuming_with_other_options_or_files_is_refused(table, model, inside):
    register_pairs([("0.png", "1.png")], "out", model=model)
    before = stamps(inside / "out")
    with pytest.raises(ValueError, match="effort='default' there, 'fast' now; tile=None there, 64 now"):
        register_pairs([("0.png", "1.png")], "out", model=model, resume=True, effort="fast", tile=64)
    with pytest.raises(ValueError, match="'0001' was registered from.*Received: moving='.*2.png' instead of '.*1.png'"):
        register_pairs([("0.png", "2.png")], "out", model=model, resume=True)
    with pytest.raises(FileExistsError, match="resume=True"):
        register_pairs([("0.png", "1.png")], "out", model=model)
    assert stamps(inside / "out") == before
    (row,) = register_pairs([("0.png", "2.png")], "out", model=model, overwrite=True, normalize="joint")
    assert row.moving.endswith("2.png") and stamps(inside / "out") != before


def test_a_model_that_was_trained_on_meanwhile_is_another_option(inside, model, tmp_path_factory):
    copied = shutil.copytree(model, tmp_path_factory.mktemp("other") / "model")
    register_pairs([("0.png", "1.png")], "out", model=copied)
    network = dirv_tf.models.weight_files.load_weights_file(copied)
    for variable in network.named_variables().values():
        variable.assign(variable * 1.5)
    dirv_tf.models.weight_files.save_weights_file(network, copied)
    with pytest.raises(ValueError, match="weights='.*' there, '.*' now"):
        register_pairs([("0.png", "1.png")], "out", model=copied, resume=True)


def test_no_results_of_an_earlier_call_stand_beside_a_failure(inside, model):
    register_pairs([("0.png", "1.png"), ("1.png", "2.png")], "out", model=model)
    (inside / "out/0001/notes.txt").write_text("mine", encoding="utf-8")
    os.remove("0.png"), os.remove("2.png")
    rows = register_pairs([("0.png", "1.png"), ("1.png", "2.png")], "out", model=model, overwrite=True)
    assert set(statuses(rows).values()) == {"failed"}
    assert os.listdir("out/0001") == ["notes.txt"] and not os.path.exists("out/0002")


def test_shards_that_run_at_the_same_time_make_one_table(table, model, inside, read_table):
    shutil.copy("1.png", "lost.png")
    found = {}

    def run(part):
        # Every shard begins while the one before it is in the middle of its pairs.
        def progress(finished, total, row):
            if part < 3 and finished == 1:
                run(part + 1)

        found[part] = register_pairs(table, "out", model=model, shard=(part, 3), progress=progress)

    run(1)
    names = {part: [row.name for row in rows] for part, rows in found.items()}
    assert names == {1: ["one", "four"], 2: ["two ä"], 3: ["three"]}
    cells = read_table(inside / "out")
    assert list(cells) == ["one", "two ä", "three", "four"] and {row["status"] for row in cells.values()} == {"done"}
    page = (inside / "out/index.html").read_text(encoding="utf-8")
    assert all(f'/">{name}</a>' in page for name in cells)
    with pytest.raises(FileExistsError):
        register_pairs(table, "out", model=model, shard="2/3")
    assert [row.name for row in register_pairs(table, "out", model=model, shard="2/3", resume=True)] == ["two ä"]
    # An array may have more jobs than there are pairs.
    assert register_pairs(table, "out", model=model, shard="9/9", resume=True) == []


def test_a_pair_that_another_process_is_at_work_on_is_left_to_it(table, model, inside):
    def progress(finished, total, row):
        if finished == 0:
            return
        assert row is None or row.name != "three"

    (inside / "out/.pairs/three").mkdir(parents=True)
    with dirv_tf.io.folder_lock.folder_lock(inside / "out/.pairs/three"):
        rows = register_pairs(table, "out", model=model, progress=progress)
    assert list(statuses(rows)) == ["one", "two ä", "four"]


def test_a_killed_process_costs_its_pair_and_nothing_else(table, model, inside, monkeypatch, read_table):
    (inside / "deadly.py").write_text(
        "import os\nfrom dirv_tf.registration.pairs import one_pair\n"
        "def register_pair(task):\n"
        "    if task.files.name == 'one':\n"
        "        os.kill(os.getpid(), 9)\n"
        "    return one_pair.register_pair(task)\n",
        encoding="utf-8",
    )
    monkeypatch.syspath_prepend(inside)
    import deadly

    monkeypatch.setattr(module, "register_pair", deadly.register_pair)
    rows = register_pairs(table, "out", model=model, processes=2)
    assert statuses(rows) == {"one": "failed", "two ä": "failed", "three": "done", "four": "done"}
    assert rows[0].reason == "its process was ended by SIGKILL, perhaps for want of memory"
    assert [row["status"] for row in read_table(inside / "out").values()] == ["failed", "failed", "done", "done"]
    expected = register("2.png", "3.png", model).flow_field
    np.testing.assert_allclose(read_flow_field("out/three/flow_field.npz").flow_field, expected, atol=1e-5)


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"effort": "most"}, ValueError, "`effort` must be one of fast, default, best"),
        ({"efort": "fast"}, TypeError, "Expected options of `register`.*Received: efort='fast'"),
        ({"fixed_mask": np.ones((2, 2))}, TypeError, "hold for all pairs"),
        ({"landmarks": (np.ones((1, 2)), np.ones((1, 2)))}, TypeError, "hold for all pairs"),
        ({"refine": 0}, ValueError, "refine"),
        ({"tile": -3}, ValueError, "`tile` must be"),
        ({"pixel_size": (1, 0)}, ValueError, "`pixel_size` must be"),
        ({"channel": (0, 1, 2)}, ValueError, "`channel` must be"),
        ({"model": "no-such-model"}, ValueError, "which is neither"),
        ({"field_format": "tif"}, ValueError, "`field_format` must be None, or one of npz"),
        ({"processes": 0}, ValueError, "`processes` must be an integer of at least 1"),
        ({"shard": "0/3"}, ValueError, "`shard` must be.*Received: shard='0/3'"),
        ({"shard": (4, 3)}, ValueError, "`shard` must be"),
        ({"shard": "a/b"}, ValueError, "`shard` must be"),
        ({"shard": 3}, ValueError, "`shard` must be"),
        ({"resume": True, "overwrite": True}, ValueError, "not both"),
    ],
)
def test_what_is_wrong_for_all_pairs_is_said_before_anything_is_written(table, inside, options, error, message):
    with pytest.raises(error, match=message):
        register_pairs(table, "out", **options)
    assert not (inside / "out").exists()


def test_a_malformed_table_leaves_nothing(inside):
    (inside / "pairs.csv").write_text("fixed,moving,name\n0.png,1.png,a\n1.png,2.png,../a\n", encoding="utf-8")
    with pytest.raises(ValueError, match="line 3"):
        register_pairs("pairs.csv", "out")
    assert not (inside / "out").exists()


def test_a_network_serves_one_process_alone(inside, model):
    network = dirv_tf.models.weight_files.load_weights_file(model)
    with pytest.raises(ValueError, match="name or the path of a model where there are several processes"):
        register_pairs([("0.png", "1.png")], "out", model=network, processes=2)
    (row,) = register_pairs([("0.png", "1.png")], "out", model=network)
    assert row.status == "done" and dirv_tf.register_pairs is register_pairs and isinstance(row, PairRow)


def test_what_is_said_on_the_way_stands_in_the_row(inside, model):
    dull = (load_image("0.png").pixels // 20 + 100).astype(np.uint8)
    write_image("dull.png", dull)
    (row,) = register_pairs([("dull.png", "1.png")], "out", model=model, normalize="type")
    (said,) = (text for text in row.warnings if text.startswith("fixed uses only"))
    assert row.is_done and "of the intensity range" in said


def test_a_full_disk_ends_the_call_keeps_what_is_finished_and_is_no_failure_of_a_pair(inside, model, monkeypatch):
    """The next pair would find no more space; without a failed row, another call goes on where this one ended."""
    pairs = [("0.png", "1.png"), ("1.png", "2.png"), ("2.png", "3.png")]
    save = dirv_tf.RegistrationResult.save

    def full(result, folder, **settings):
        if folder.name == "0002":
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(folder))
        return save(result, folder, **settings)

    with monkeypatch.context() as patch, pytest.raises(OSError, match="No space left on device: '.*0002'"):
        patch.setattr(dirv_tf.RegistrationResult, "save", full)
        register_pairs(pairs, "out", model=model)
    assert [path.parent.name for path in inside.glob("out/.pairs/*/row.json")] == ["0001"]
    before = stamps(inside / "out")
    rows = register_pairs(pairs, "out", model=model, resume=True)
    assert statuses(rows) == dict.fromkeys(("0001", "0002", "0003"), "done")
    assert stamps(inside / "out")["0001"] == before["0001"]
