"""The families of networks side by side, on the same pairs: `python -m experiments.comparison.families`."""
