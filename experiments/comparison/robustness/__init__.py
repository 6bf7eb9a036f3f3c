"""Known deformations under changes of appearance and pose: `python -m experiments.comparison.robustness`."""
