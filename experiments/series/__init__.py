"""All runs of a series of the thesis, one after the other: `python -m experiments.series`."""
