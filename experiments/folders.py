"""Where the experiments keep their files."""

from __future__ import annotations

from pathlib import Path

EXPERIMENTS = Path(__file__).resolve().parent
CHECKOUT = EXPERIMENTS.parent
# The files of the runs; a run is known by the name of its file.
RUNS = EXPERIMENTS / "runs" / "dirv_net"
# What is carried out here goes to OUTPUT; RECORDS holds what was committed of it.
OUTPUT = EXPERIMENTS / "output"
RECORDS = EXPERIMENTS / "results"
