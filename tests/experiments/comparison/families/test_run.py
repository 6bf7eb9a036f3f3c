"""The whole command on tiny pairs: what is measured, kept, skipped and measured again, and what is refused."""

import json

import pytest

from dirv_tf.models import DIRVNet
from dirv_tf.models.weight_files import save_weights_file
from experiments.comparison.families import run as module
from experiments.comparison.families import ways
from experiments.comparison.families.__main__ import main
from experiments.comparison.families.networks import default_networks, load_network, load_networks
from experiments.comparison.families.pair_sets import SETS
from experiments.comparison.families.record import Record
from experiments.comparison.families.run import compare_families, pairs_of, recorded_settings

SMALL = SETS[0]._replace(name="small", size=(32, 32), tuned_as=None)
WAYS = ["once", "refined", "optimized"]
NEURAL = (*WAYS, "optimization", "register")


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """The folder of a run, with weights and a record."""
    folder = tmp_path_factory.mktemp("runs") / "my-run"
    card = {"training": {"epochs": 3, "loss": "displacement"}, "data": {"train_images": 7}}
    save_weights_file(DIRVNet(rank=2, levels=1, units=1, experts=2), folder, card)
    (folder / "run.json").write_text(json.dumps({"seconds": 90.0, "hardware": {"cores": 2}}), encoding="utf-8")
    return str(folder)


@pytest.fixture(scope="module")
def finished(trained, tmp_path_factory):
    folder, lines = tmp_path_factory.mktemp("record"), []
    networks = load_networks([trained])
    return folder, networks, compare_families([SMALL], networks, folder, 2, NEURAL, lines.append), lines


def test_every_way_has_a_row_with_all_columns(finished):
    folder, _, content, lines = finished
    entry = content["sets"]["small"]
    keys = [(row["name"], row["way"]) for row in entry["rows"]]
    assert keys == [
        *(("my-run", way) for way in WAYS),
        ("optimization alone", "optimization"), ("register, fast", "register"), ("register", "register"),
    ]
    assert entry["pairs"] == 2 and 0 < entry["mean_px"] < entry["largest_px"]
    columns = {
        "dl_int_finest", "dl_dis_finest", "endpoint_px", "folded_percent", "sd_log_jacobian", "inverse_px", "seconds",
        "cpu_seconds", "date", "hardware", "threads",
    }
    assert all(columns <= set(row) for row in entry["rows"])
    rows = {row["name"]: row for row in entry["rows"]}
    assert rows["register"]["endpoint_px"] < rows["my-run"]["endpoint_px"] or rows["register"]["dl_int_finest"] > 50
    assert json.loads((folder / "comparison.json").read_text(encoding="utf-8")) == json.loads(json.dumps(content))
    assert any("left for everything" in line for line in lines)


def test_finished_rows_are_skipped_and_only_what_changed_is_measured(finished, monkeypatch):
    folder, networks, content, _ = finished
    measured, lines = [], []

    def count(register, pairs, progress):
        measured.append(len(pairs.fixed))
        return {"dl_int_finest": 0.0}

    monkeypatch.setattr(module, "measure", count)
    again = compare_families([SMALL], networks, folder, 2, NEURAL, lines.append)
    assert measured == [] and "0 rows" in lines[0] and again["sets"] == content["sets"]
    # A row that is missing: a call that was stopped.
    record = Record(folder)
    record.content["sets"]["small"]["rows"].pop(1)
    record.write()
    resumed = compare_families([SMALL], networks, folder, 2, NEURAL, lines.append)
    assert measured == [2] and sorted(row["way"] for row in resumed["sets"]["small"]["rows"]) == sorted(
        row["way"] for row in content["sets"]["small"]["rows"]
    )
    # Other weights of the same name: their rows alone.
    other = [networks[0]._replace(facts={**networks[0].facts, "sha256": "other"})]
    compare_families([SMALL], other, folder, 2, NEURAL, lines.append)
    assert measured == [2] + [2] * len(WAYS)
    # The weights that the library's own call asks: its rows.
    monkeypatch.setattr(ways, "default_weights", lambda rank: "newer")
    compare_families([SMALL], other, folder, 2, NEURAL, lines.append)
    assert measured[4:] == [2, 2]
    # Other pairs are refused, and nothing is lost.
    before = (folder / "comparison.json").read_bytes()
    with pytest.raises(ValueError, match="another folder .*Received: pairs=3, not 2"):
        compare_families([SMALL], other, folder, 3, NEURAL, lines.append)
    assert len(measured) == 6 and (folder / "comparison.json").read_bytes() == before


def test_classical_methods_take_recorded_settings_or_search_their_own(tmp_path, monkeypatch):
    pytest.importorskip("SimpleITK")
    monkeypatch.setattr(module, "TRIALS", 1), monkeypatch.setattr(module, "TUNING_PAIRS", 1)
    monkeypatch.setattr(module, "measure", lambda register, pairs, progress: {"dl_int_finest": 1.0})
    sets = [SMALL, SMALL._replace(name="recorded", tuned_as="chessboards-64")]
    found = compare_families(sets, [], tmp_path, 1, report=lambda line: None)["sets"]
    assert list(found["small"]["settings"]) == ["demons", "B-splines"]
    assert found["small"]["settings"]["demons"]["tuned"] == "1 trials on 1 other pairs"
    assert [row["name"] for row in found["small"]["rows"]][-2:] == ["demons", "B-splines"]
    alone = compare_families([SMALL], [], tmp_path / "alone", 1, ("demons",), lambda line: None)
    assert [row["name"] for row in alone["sets"]["small"]["rows"]] == ["demons"]
    expected = recorded_settings("chessboards-64", "B-splines")
    assert found["recorded"]["settings"]["B-splines"] == {"settings": expected, "tuned": "make classical"}
    with pytest.raises(ValueError, match="Received: set='none', method='demons'"):
        recorded_settings("none", "demons")


def test_rows_of_older_weights_go_with_the_network(tmp_path):
    record = Record(tmp_path)
    for name in ("s", "t"):
        record.open_set(name, {"pairs": 2})
        record.keep(name, ("net", "once"), "A", {})
    record.keep_network("net", {"sha256": "B"})
    record.keep("s", ("net", "once"), "B", {})
    assert [[row["identity"] for row in entry["rows"]] for entry in Record(tmp_path).content["sets"].values()] == [["B"], []]


def test_a_call_without_rows_writes_what_it_says(tmp_path):
    compare_families([], [], tmp_path / "none", 1, report=lambda line: None)
    assert (tmp_path / "none" / "comparison.json").is_file()


def test_what_is_known_of_a_network(trained):
    mine = load_network(trained)
    assert mine.name == "my-run"
    expected = {"family": "dirv_net", "rank": 2, "supervised": True, "pairs_shown": 21, "minutes": 1.5}
    assert expected.items() <= mine.facts.items() and mine.facts["parameters"] == mine.network.count_params()
    shipped = load_network("voxelmorph-2d-quick").facts
    assert (shipped["supervised"], shipped["parameters"], shipped["pairs_shown"]) == (False, 109170, 38400)
    assert 10 < shipped["minutes"] < 60 and shipped["start_from"] is None and not shipped["images_first"]
    begun = load_network("rwcnet-2d-quick-supervised").facts
    assert begun["supervised"] and begun["images_first"]
    assert {"A-6", "best-2d", "best-3d", "voxelmorph-2d-quick"} <= set(default_networks())
    with pytest.raises(ValueError, match="different names. Received: my-run more than once"):
        load_networks([trained, trained])


def test_volumes_have_fewer_pairs():
    assert pairs_of(SETS[0], 10) == 10 and pairs_of(SETS[-1], 10) == 4 and pairs_of(SETS[-1], 1) == 1


@pytest.mark.parametrize(
    "arguments, message",
    [
        (["--set", "chess"], "Expected sets among chessboards-64, .*hippocampus. Received: chess"),
        (["--way", "twice"], "Expected ways among once, .*B-splines. Received: twice"),
        (["--network", "nowhere"], "or the folder of a finished run. Received: network='nowhere'"),
    ],
)
def test_a_wrong_command_line_says_why_and_writes_nothing(arguments, message, tmp_path, capsys):
    assert main(["--only", *arguments, "-o", str(tmp_path / "out")]) == 2
    import re

    assert re.search(message, capsys.readouterr().err)
    assert not (tmp_path / "out").exists()


def test_a_file_that_is_no_record_is_left_alone(tmp_path, capsys):
    (tmp_path / "comparison.json").write_text('{"sets": {"small": {"rows": [1]}}}', encoding="utf-8")
    assert main(["--only", "--set", "chessboards-64", "--way", "once", "-o", str(tmp_path)]) == 2
    assert "Expected a record of this comparison, or no such file" in capsys.readouterr().err
    assert "[1]" in (tmp_path / "comparison.json").read_text(encoding="utf-8")


def test_real_sets_are_resumed_too(tmp_path, monkeypatch):
    from experiments.comparison.families import real_sets

    monkeypatch.setattr(real_sets, "_READY", {"landmarks": lambda pair: _Tiny.of(pair)})
    calls = []

    def measure_pairs(run, pairs, judge, progress):
        calls.append(len(pairs))
        row = {"folded_percent": 0.5, "rtre_median": 0.01}
        return {"summary": {"rtre_mean": 0.01, "seconds": 1.0, "cpu_seconds": 1.0}, "pairs": [row] * len(pairs)}

    monkeypatch.setattr(real_sets, "measure_pairs", measure_pairs)
    for _ in range(2):
        content = real_sets.compare_on_real_sets(["histology"], [], tmp_path, 3, report=lambda line: None)
    assert calls == [3] * 4
    entry = content["sets"]["histology"]
    assert [row["way"] for row in entry["rows"]] == ["before", "aligned", "register", "register"]
    assert entry["rows"][1]["seconds"] is None and entry["rows"][2]["seconds"] == 1.0
    assert entry["rows"][3]["rtre_median_pairs"] == [0.01] * 3 and (entry["pairs"], entry["of"]) == (3, 20)


class _Tiny:
    """A prepared pair of which the name and the rank are needed alone."""

    def __init__(self, name):
        import numpy as np

        self.name, self.fixed = name, np.zeros((8, 8), np.float32)

    @classmethod
    def of(cls, pair):
        return cls(pair.name)
