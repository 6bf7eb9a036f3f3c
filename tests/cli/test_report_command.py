"""`dirv-tf report`."""

from pathlib import Path

from dirv_tf.cli.main import main

RESULTS = Path(__file__).parents[2] / "experiments" / "results"


def test_the_committed_results(tmp_path, capsys):
    assert main(["report", str(RESULTS), "-o", str(tmp_path), "--no-pictures"]) == 0
    assert f"Written: {tmp_path / 'index.html'}" in capsys.readouterr().out
    text = (tmp_path / "report.md").read_text(encoding="utf-8")
    assert "| A-6 | 75.9 / 68.6 |" in text


def test_a_folder_without_runs(tmp_path, capsys):
    assert main(["report", str(tmp_path), "-o", str(tmp_path / "report")]) == 1
    assert "Expected a run's folder" in capsys.readouterr().err
    assert not (tmp_path / "report").exists()
