"""Tables, page and picture of a small record, and the committed ones."""

import copy
import json

import pytest

from experiments.comparison.families.page import PAGE, RECORD, RESOLUTIONS, blocks
from experiments.comparison.families.picture import draw, main
from experiments.comparison.families.tables import gains, networks_table, overview, set_table, steps_table

HARDWARE = {"processor": "Abacus", "cores": 2, "memory_gib": 1.0, "gpus": []}


def row(name, way, endpoint, seconds, **more):
    measured = {
        "dl_dis_finest": 100 - 10 * endpoint, "dl_int_finest": 50.0, "endpoint_px": endpoint,
        "endpoint_px_pairs": [endpoint - 0.1, endpoint + 0.1], "folded_percent": 0.5, "sd_log_jacobian": 0.25,
        "inverse_px": 0.75, "seconds": 2 * seconds, "cpu_seconds": seconds,
    }
    about = {"identity": "", "date": "2026-01-02T03:04:05+00:00", "hardware": HARDWARE, "threads": "1"}
    return {"name": name, "way": way, **measured, **about, **more}


@pytest.fixture
def record():
    def facts(family, supervised, minutes):
        return {
            "family": family, "rank": 2, "parameters": 12345, "sha256": "a", "supervised": supervised,
            "images_first": False, "start_from": None, "pairs_shown": 678, "minutes": minutes, "hardware": HARDWARE,
        }

    rows = [
        row("register", "register", 0.5, 0.1), row("wave", "once", 2.0, 0.01, stage_dl_dis=[10.0, 80.0]),
        row("wave", "optimized", 1.0, 0.02), row("wave", "refined", 2.5, 0.05), row("chain", "once", 3.0, 0.03),
        row("demons", "classical", 0.7, 0.2),
    ]
    known = {
        "title": "Boards", "pairs": 2, "size": [64, 64], "seed": 1, "mean_px": 2.0, "largest_px": 7.0, "rows": rows,
        "settings": {"demons": {"settings": {"shrinks": [2, 1]}, "tuned": "make classical"}},
    }
    real = {"rtre_mean": 0.0123, "rtre_worst": 0.5, "folded_percent": 0.0, "seconds": None, "cpu_seconds": None}
    about = {"identity": "", "date": "2026-01-03T00:00:00+00:00", "hardware": HARDWARE, "threads": "1"}
    return {
        "networks": {
            "wave": facts("voxelmorph", False, 20.4), "chain": facts("dirv_net", True, None),
            "unused": facts("avsm", None, None),
        },
        "sets": {
            "chessboards-64": known,
            "histology": {
                "title": "Sections", "pairs": 6, "of": 20, "settings": {},
                "rows": [{"name": "alignment alone", "way": "aligned", **real, **about}],
            },
            "tissue-128": {"title": "Empty", "rows": []},
        },
        "versions": {"tensorflow": "2.15.1"}, "hardware": HARDWARE,
    }


def test_rows_stand_by_family_with_a_dash_for_what_is_not_known(record):
    lines = set_table(record, "chessboards-64").splitlines()
    assert [line.split(" | ")[0] for line in lines[2:]] == [
        "| chain", "| wave", "| wave, refined", "| wave, optimized", "| register", "| demons",
    ]
    assert lines[3] == "| wave | 80.0 | 50.0 | 2.00 ± 0.10 | 0.50 | 0.250 | 0.75 | 0.02 | 0.010 |"
    assert len({line.count("|") for line in lines}) == 1
    real = set_table(record, "histology").splitlines()
    assert real[2] == "| alignment alone | 0.0123 | 0.5000 | 0.00 | – | – |"
    networks = networks_table(record)
    assert "| chain | DIRV-Net | 12,345 | true fields | 678 | – |" in networks
    assert "| wave | VoxelMorph | 12,345 | images alone | 678 | 20 |" in networks and "unused" not in networks


def test_how_a_network_was_trained_is_said(record):
    record["networks"]["chain"].update(images_first=True, start_from="wave")
    assert "| chain | DIRV-Net | 12,345 | images, then true fields, from wave on | 678 | – |" in networks_table(record)


def test_the_best_network_and_the_best_other_method_are_marked(record):
    table = overview(record, ["chessboards-64"])
    assert "| wave | **80.0** |" in table and "| chain | 70.0 |" in table
    assert "| register | **95.0** |" in table and "optimized" not in table
    assert "| wave | **2.00** |" in overview(record, ["chessboards-64"], "endpoint_px", "{:.2f}", lower=True)
    assert "| wave | 10.0, 80.0 |" in steps_table(record, ["chessboards-64"])


def test_gains_are_points_over_the_single_pass(record):
    assert "| wave | +10.0 |" in gains(record, ["chessboards-64"], "optimized")
    assert "| wave | -5.0 |" in gains(record, ["chessboards-64"], "refined")
    assert "chain" not in gains(record, ["chessboards-64"], "refined")


def test_a_page_is_written_from_a_small_record(record, tmp_path):
    file = tmp_path / "comparison.json"
    file.write_text(json.dumps(record), encoding="utf-8")
    found = blocks(file)
    assert found["measured"] == (
        "Measured 2026-01-02 to 2026-01-03 on 2 cores of Abacus, no GPU, TensorFlow in one thread, version 2.15.1.\n"
    )
    assert "demons: shrinks 2-1 (found by `make classical`)." in found["sets"]
    assert "6 of the 20 shipped pairs." in found["sets"] and "Empty" not in found["sets"]
    record["sets"]["chessboards-64"]["rows"][0]["threads"] = None
    file.write_text(json.dumps(record), encoding="utf-8")
    assert "in the threads that it takes" in blocks(file)["measured"]


def test_the_picture_has_a_mark_per_row_and_a_line_per_optimized_network(record, tmp_path):
    content = copy.deepcopy(record)
    content["sets"]["other"] = content["sets"]["chessboards-64"]
    figure = draw(content, ("chessboards-64", "other"))
    for panel in figure.axes:
        assert len(panel.collections) == 6 and len(panel.lines) == 1
        assert panel.get_xscale() == panel.get_yscale() == "log" and panel.get_title(loc="left") == "Boards"
    hollow = [marks.get_facecolor()[0].tolist() == [1, 1, 1, 1] for marks in figure.axes[0].collections]
    assert sum(hollow) == 3  # the three ways of the network that saw no true field
    with pytest.raises(KeyError):
        draw(content, ("chessboards-64", "none"))


def test_the_committed_page_and_picture_are_those_of_the_record(capsys, tmp_path):
    assert PAGE.main(["--check"]) == 0, "run: python -m experiments.comparison.families.page"
    assert "up to date" in capsys.readouterr().out
    assert main(RECORD, tmp_path / "drawn.svg") == 0
    assert (tmp_path / "drawn.svg").stat().st_size > 10_000


@pytest.fixture(scope="module")
def committed():
    """Rows of the committed record by set, name and way."""
    content = json.loads(RECORD.read_text(encoding="utf-8"))
    rows = {
        (name, row["name"], row["way"]): row for name, entry in content["sets"].items() for row in entry["rows"]
    }
    return content, rows


def passes(committed, name):
    return {network: row for (each, network, way), row in committed[1].items() if (each, way) == (name, "once")}


SMALL = ("chessboards-64", "chessboards-128", "tissue-128")
FAR = ("chessboards-128-large", "chessboards-64-affine", "chessboards-128-affine")


@pytest.mark.parametrize("name", (*SMALL, *FAR, "tissue-128-large"))
def test_sentences_on_the_networks_in_one_pass(committed, name):
    shares = {network: row["dl_dis_finest"] for network, row in passes(committed, name).items()}
    order = sorted(shares, key=shares.get, reverse=True)
    if name in SMALL[:2]:
        assert set(order[:3]) == {"best-2d", "large-2d", "rwcnet-2d-quick-supervised"}
        assert shares[order[0]] - shares[order[2]] < 2
        assert set(order[3:5]) == {"A-6", "dlir-2d-quick-supervised"}
    elif name in SMALL:
        assert set(order[:2]) == {"best-2d", "large-2d"}
    else:
        assert order[0] == "large-2d" and shares["large-2d"] - shares[order[1]] > 10, "far ahead"
    if name in FAR:
        assert shares["large-2d"] < 60 and all(shares[network] < 40 for network in order[1:])
    if name == "tissue-128-large":
        assert shares["large-2d"] > 75, "most"


def test_sentences_on_lower_resolutions():
    record = json.loads(RESOLUTIONS.read_text(encoding="utf-8"))
    found = {entry["name"]: entry for entry in record["sets"]}
    assert record["factors"] == [8, 4, 2, 1]
    boards, tissue, affine = (
        found[name] for name in ("chessboards-128-large", "tissue-128-large", "chessboards-128-affine")
    )
    assert boards["register"][0] < 0 and found["chessboards-128"]["register"][0] < 0
    assert boards["register"][1] < 100 / 3 and boards["register"][3] > 94
    _, quarter, _, full = boards["large-2d"]
    assert 45 < quarter < 55 and 0 < full - quarter < 5
    assert tissue["register"][0] > 45 and tissue["register"][1] > 80
    assert [round(tissue[name][3]) for name in ("best-2d", "large-2d")] == [59, 87]
    assert affine["register"][2] > 90 > 50 > affine["large-2d"][3]


def test_sentences_on_true_fields(committed):
    rows = committed[1]
    without, with_fields = (
        [rows[name, f"voxelmorph-2d-quick{end}", "once"] for name in ("chessboards-64", *FAR)]
        for end in ("", "-supervised")
    )
    assert with_fields[0]["dl_dis_finest"] > without[0]["dl_dis_finest"]
    assert with_fields[0]["dl_int_finest"] < without[0]["dl_int_finest"]
    for one, two in zip(without[1:], with_fields[1:]):
        assert abs(one["dl_dis_finest"] - two["dl_dis_finest"]) < 5
    for family in ("dlir", "avsm", "rwcnet"):
        for name in (*SMALL, *FAR, "tissue-128-large"):
            one, two = (rows[name, f"{family}-2d-quick{end}", "once"]["dl_dis_finest"] for end in ("", "-supervised"))
            assert two > one, (family, name)


def test_sentences_on_the_own_call_and_on_classical_methods(committed):
    rows = committed[1]
    large = {key[1:]: row["dl_dis_finest"] for key, row in rows.items() if key[0] == "chessboards-128-large"}
    assert max(large, key=large.get) == ("register", "register")
    assert rows["tissue-128-large", "register", "register"]["dl_dis_finest"] > 95
    for name in ("chessboards-64-affine", "chessboards-128-affine"):
        for call in ("register", "register, fast"):
            # Every pair is found: a cell away would be more than 5 pixels.
            assert max(rows[name, call, "register"]["endpoint_px_pairs"]) < 0.5
        assert len(rows[name, "register", "register"]["endpoint_px_pairs"]) == 10
    # On tissue, all but best-2d and large-2d lose much.
    for network, row in passes(committed, "tissue-128").items():
        boards = rows["chessboards-128", network, "once"]
        if network not in ("best-2d", "large-2d") and boards["dl_dis_finest"] > 0:
            assert boards["dl_dis_finest"] - row["dl_dis_finest"] > 10
    one_pass = rows["chessboards-64", "voxelmorph-2d-quick", "once"]
    for name in ("demons", "B-splines"):
        classical = rows["chessboards-64", name, "classical"]
        assert classical["endpoint_px"] < one_pass["endpoint_px"]
        assert classical["cpu_seconds"] > 5 * one_pass["cpu_seconds"]


def test_sentences_on_the_optimization(committed):
    rows = committed[1]

    def gain(name, network, way):
        once, more = (rows.get((name, network, each)) for each in ("once", way))
        return more["dl_dis_finest"] - once["dl_dis_finest"] if once and more else None

    for network in passes(committed, "chessboards-64"):
        small, far = gain("chessboards-64", network, "optimized"), gain("chessboards-128-large", network, "optimized")
        assert small > far > 0
        assert small > gain("chessboards-64", network, "refined")
        optimized, refined = (rows["chessboards-64", network, way] for way in ("optimized", "refined"))
        assert refined["cpu_seconds"] > optimized["cpu_seconds"]
        assert optimized["dl_dis_finest"] > rows["chessboards-64", "optimization alone", "optimization"]["dl_dis_finest"]


def test_all_networks_find_small_fields_of_larger_chessboards_better(committed):
    rows = committed[1]
    networks = [name for known_set, name, way in rows if (known_set, way) == ("chessboards-64", "once")]
    assert len(networks) >= 10
    for name in networks:
        small, large = (rows[f"chessboards-{side}", name, "once"]["dl_dis_finest"] for side in (64, 128))
        assert large > small, name


def test_sentences_on_stages(committed):
    rows = committed[1]
    for training in ("2d-quick", "2d-quick-supervised"):
        affine, *splines = rows["chessboards-64", f"dlir-{training}", "once"]["stage_dl_dis"]
        added = [later - earlier for earlier, later in zip((affine, *splines), splines)]
        assert affine < 1 and min(added) > 5
        for name in ("chessboards-64", "chessboards-128-large"):
            first, second, third = rows[name, f"rwcnet-{training}", "once"]["stage_dl_dis"]
            assert first < 5 and second > first + 5 and abs(third - second) < 2
        affine, *momenta = rows["chessboards-64", f"avsm-{training}", "once"]["stage_dl_dis"]
        assert all(after - before < affine for before, after in zip((affine, *momenta), momenta))
        assert rows["chessboards-64-affine", f"avsm-{training}", "once"]["stage_dl_dis"][0] < 10
