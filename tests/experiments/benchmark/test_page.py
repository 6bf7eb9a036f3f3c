"""The page of speed and memory is what its record says."""

from experiments.benchmark.page import PAGE, blocks


def test_the_page_is_that_of_the_record(capsys):
    assert PAGE.main(["--check"]) == 0, "run: python -m experiments.benchmark.page"
    assert "up to date" in capsys.readouterr().out


def test_the_tables_hold_the_medians_of_the_record():
    tables = blocks()
    # experiments/results/benchmark/benchmark.json
    assert "| registration of 64² | 15.9 ms | 16.4 ms | 3.7 ms | 119 ms |" in tables["speed"]
    assert "| endpoint error, 64² | 0.22 px of 1.42 |  |  | 0.21 px of 1.42 |" in tables["speed"]
    assert "2 cores of AMD EPYC, no GPU, TensorFlow 2.15.1." in tables["speed"]
    assert "| data potentials | 7.4 | 25.1 | 28 % |" in tables["parts"]
    assert "Sum of the parts 114 ms, whole step 116 ms." in tables["parts"]
    assert "| `checkpoint_units` | 1.24 | 500 MiB |" in tables["settings"]
