import json

import pytest

from dirv_tf.models import DIRVNet
from experiments.comparison.__main__ import main
from experiments.comparison.pair_sets import SETS
from experiments.comparison.run import compare

SMALL = SETS[0]._replace(
    settings={"data.size": [32, 32], "data.train_images": 4, "data.test_images": 4, "evaluation.batch_size": 2}
)


def test_a_comparison_writes_its_result_its_table_and_its_search(tmp_path, monkeypatch):
    pytest.importorskip("SimpleITK")
    small = DIRVNet(rank=2, levels=1, units=1, experts=2)
    # Networks of the other rank are left out.
    shipped = {"A-6": small, "deep": DIRVNet(rank=3, levels=1, units=1, experts=2)}
    monkeypatch.setattr("experiments.comparison.networks.load_pretrained", shipped.get)
    lines = []
    result = compare([SMALL], ["A-6", "deep"], tmp_path, 1, 1, 2, lines.append)
    (entry,) = result["sets"]
    assert [row["name"] for row in entry["methods"]] == [
        "demons", "B-splines", "A-6", "A-6, refined", "register", "register, fast",
    ]
    assert (entry["pairs"], entry["size"]) == (2, [32, 32])
    assert all(30 < row["dl_int_finest"] < 100 for row in entry["methods"][:2])
    assert entry["methods"][4]["dl_dis_finest"] > 20
    assert all(row["seconds_per_pair"] > 0 and row["cpu_seconds_per_pair"] > 0 for row in entry["methods"])
    assert f"A-6, {small.count_params():,} parameters" in entry["methods"][2]["what"]
    written = json.loads((tmp_path / "classical.json").read_text(encoding="utf-8"))
    assert written["sets"][0]["methods"][1]["settings"] == entry["methods"][1]["settings"]
    searches = json.loads((tmp_path / "search.json").read_text(encoding="utf-8"))["searches"]
    assert [(search["method"], len(search["trials"])) for search in searches] == [("demons", 1), ("B-splines", 1)]
    page = (tmp_path / "classical.md").read_text(encoding="utf-8")
    assert {len(line.split("|")) for line in page.splitlines() if line.startswith("|")} == {8}
    assert any("left for everything)" in line for line in lines)


@pytest.mark.parametrize(
    "arguments, message",
    [
        (["--set", "chess"], "Expected sets among chessboards-64"),
        (["--network", "A-99"], "Expected the name of a shipped model"),
    ],
)
def test_a_wrong_command_line_says_why_and_writes_nothing(arguments, message, tmp_path, capsys):
    pytest.importorskip("SimpleITK")
    assert main([*arguments, "-o", str(tmp_path / "out")]) == 2
    assert message in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_a_method_without_a_trial_is_refused(tmp_path, capsys):
    with pytest.raises(SystemExit) as ended:
        main(["--trials", "0", "-o", str(tmp_path / "out")])
    assert ended.value.code == 2 and "--trials: Expected an integer of at least 1. Received: 0" in capsys.readouterr().err


def test_without_classical_methods_nothing_is_tuned(tmp_path, monkeypatch):
    pytest.importorskip("SimpleITK")
    shipped = {"flat": DIRVNet(rank=2, levels=1, units=1, experts=2)}
    monkeypatch.setattr("experiments.comparison.networks.load_pretrained", shipped.get)
    monkeypatch.setattr("experiments.comparison.run.call_methods", list)
    result = compare([SMALL], ["flat"], tmp_path, 1, 1, 2, lambda line: None, classical=False)
    assert [row["name"] for row in result["sets"][0]["methods"]] == ["flat", "flat, refined"]
    assert json.loads((tmp_path / "search.json").read_text(encoding="utf-8"))["searches"] == []
