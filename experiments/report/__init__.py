"""The page about the reproduction of the thesis: `python -m experiments.report`."""
