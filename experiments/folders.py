"""Where the experiments keep their files."""

from __future__ import annotations

from pathlib import Path

EXPERIMENTS = Path(__file__).resolve().parent
CHECKOUT = EXPERIMENTS.parent
# The files of the thesis's runs and of the networks beyond it; a run is known by the name of its file.
RUNS = EXPERIMENTS / "runs" / "dirv_net"
# Those of all families of networks.
ALL_RUNS = tuple(sorted(path for path in RUNS.parent.iterdir() if path.is_dir()))
# What is carried out here goes to OUTPUT; RECORDS holds what was committed of it.
OUTPUT = EXPERIMENTS / "output"
RECORDS = EXPERIMENTS / "results"
